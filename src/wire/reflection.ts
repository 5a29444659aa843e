import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import type { DescriptorProto, FileDescriptorProto } from '@bufbuild/protobuf/wkt';
import { status as Status } from '@grpc/grpc-js';
import type { Server, ServerDuplexStream } from '@grpc/grpc-js';
import type { MessageTypeDefinition } from '@grpc/proto-loader';

import { descriptorSetBase64 } from './gen/descriptors.js';
import { reflectionService } from './reflection-service.js';

/**
 * Server reflection (grpc.reflection.v1), so that grpcurl, `buf curl` and the like can call the server
 * without our .proto files. The descriptors are buf's own: the package @grpc/reflection makes them anew and
 * loses their imports, after which those tools cannot link them.
 */

interface ReflectionRequest {
  readonly host: string;
  readonly messageRequest?: string;
  readonly fileByFilename?: string;
  readonly fileContainingSymbol?: string;
  readonly allExtensionNumbersOfType?: string;
  readonly fileContainingExtension?: { readonly containingType: string };
  readonly listServices?: string;
}

/** Adds reflection of dsage's own services, of health and of itself to a server that does not listen yet. */
export function addReflection(server: Server): void {
  const index = new DescriptorIndex();
  server.addService(reflectionService, {
    serverReflectionInfo(call: ServerDuplexStream<ReflectionRequest, object>) {
      call.on('data', (request: ReflectionRequest) => {
        call.write({ validHost: request.host, originalRequest: request, ...index.answer(request) });
      });
      call.on('end', () => {
        call.end();
      });
      // A caller that goes away is no fault.
      call.on('error', () => undefined);
    },
  });
}

/** Which file holds which symbol. */
class DescriptorIndex {
  readonly #files = new Map<string, FileDescriptorProto>();
  readonly #fileOfSymbol = new Map<string, string>();
  readonly #services: string[] = [];

  constructor() {
    const own = fromBinary(FileDescriptorSetSchema, Buffer.from(descriptorSetBase64, 'base64')).file;
    for (const file of [...own, ...reflectionFiles()]) this.#addFile(file);
  }

  answer(request: ReflectionRequest): object {
    switch (request.messageRequest) {
      case 'listServices':
        return { listServicesResponse: { service: this.#services.map((name) => ({ name })) } };
      case 'fileByFilename':
        return this.#fileResponse(request.fileByFilename);
      case 'fileContainingSymbol':
        return this.#fileResponse(this.#fileOfSymbol.get(request.fileContainingSymbol ?? ''));
      case 'allExtensionNumbersOfType':
        // Messages of proto3 have no extensions.
        return { allExtensionNumbersResponse: { baseTypeName: request.allExtensionNumbersOfType } };
      default:
        return this.#fileResponse(undefined);
    }
  }

  #fileResponse(name: string | undefined): object {
    const file = this.#files.get(name ?? '');
    if (file === undefined) {
      return {
        errorResponse: { errorCode: Status.NOT_FOUND, errorMessage: 'dsage has no such file or symbol.' },
      };
    }
    const files = [...this.#withImports(file, new Set())];
    const bytes = files.map((one) => Buffer.from(toBinary(FileDescriptorProtoSchema, one)));
    return { fileDescriptorResponse: { fileDescriptorProto: bytes } };
  }

  *#withImports(file: FileDescriptorProto, seen: Set<string>): Iterable<FileDescriptorProto> {
    if (seen.has(file.name)) return;
    seen.add(file.name);
    yield file;
    for (const name of file.dependency) {
      const imported = this.#files.get(name);
      if (imported !== undefined) yield* this.#withImports(imported, seen);
    }
  }

  #addFile(file: FileDescriptorProto): void {
    if (this.#files.has(file.name)) return;
    this.#files.set(file.name, file);
    const prefix = file.package === '' ? '' : `${file.package}.`;
    this.#addMessages(file.messageType, prefix, file.name);
    for (const { name } of file.enumType) this.#fileOfSymbol.set(prefix + name, file.name);
    for (const service of file.service) {
      const serviceName = prefix + service.name;
      this.#services.push(serviceName);
      this.#fileOfSymbol.set(serviceName, file.name);
      for (const { name } of service.method) this.#fileOfSymbol.set(`${serviceName}.${name}`, file.name);
    }
  }

  #addMessages(messages: readonly DescriptorProto[], prefix: string, fileName: string): void {
    for (const message of messages) {
      const name = prefix + message.name;
      this.#fileOfSymbol.set(name, fileName);
      for (const inner of message.enumType) this.#fileOfSymbol.set(`${name}.${inner.name}`, fileName);
      this.#addMessages(message.nestedType, `${name}.`, fileName);
    }
  }
}

/** The definition of reflection itself, as @grpc/proto-loader keeps it with each message that it loaded. */
function reflectionFiles(): FileDescriptorProto[] {
  const methods = Object.values(reflectionService) as {
    readonly requestType?: MessageTypeDefinition<object, object>;
  }[];
  return methods
    .flatMap(({ requestType }) => requestType?.fileDescriptorProtos ?? [])
    .map((bytes) => withAbsoluteNames(fromBinary(FileDescriptorProtoSchema, bytes)));
}

/** It names types relatively, which the tools do not resolve. All types of reflection are at the top of its package. */
function withAbsoluteNames(file: FileDescriptorProto): FileDescriptorProto {
  for (const field of file.messageType.flatMap((message) => message.field)) {
    if (field.typeName !== '' && !field.typeName.startsWith('.')) {
      field.typeName = `.${file.package}.${field.typeName}`;
    }
  }
  return file;
}
