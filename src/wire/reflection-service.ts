import type { ServiceDefinition } from '@grpc/grpc-js';
import { fromJSON } from '@grpc/proto-loader';

/**
 * The standard grpc.reflection.v1 protocol, as data: it is not ours, so it is neither in proto/ nor in the
 * generated code, which are held to our own rules. Field numbers are those of the gRPC project's definition.
 */
const definition = {
  nested: {
    grpc: {
      nested: {
        reflection: {
          nested: {
            v1: {
              nested: {
                ServerReflection: {
                  methods: {
                    ServerReflectionInfo: {
                      requestType: 'ServerReflectionRequest',
                      requestStream: true as const,
                      responseType: 'ServerReflectionResponse',
                      responseStream: true as const,
                      comment: '',
                    },
                  },
                },
                ServerReflectionRequest: {
                  oneofs: {
                    messageRequest: {
                      oneof: [
                        'fileByFilename',
                        'fileContainingSymbol',
                        'fileContainingExtension',
                        'allExtensionNumbersOfType',
                        'listServices',
                      ],
                    },
                  },
                  fields: {
                    host: { type: 'string', id: 1 },
                    fileByFilename: { type: 'string', id: 3 },
                    fileContainingSymbol: { type: 'string', id: 4 },
                    fileContainingExtension: { type: 'ExtensionRequest', id: 5 },
                    allExtensionNumbersOfType: { type: 'string', id: 6 },
                    listServices: { type: 'string', id: 7 },
                  },
                },
                ExtensionRequest: {
                  fields: {
                    containingType: { type: 'string', id: 1 },
                    extensionNumber: { type: 'int32', id: 2 },
                  },
                },
                ServerReflectionResponse: {
                  oneofs: {
                    messageResponse: {
                      oneof: [
                        'fileDescriptorResponse',
                        'allExtensionNumbersResponse',
                        'listServicesResponse',
                        'errorResponse',
                      ],
                    },
                  },
                  fields: {
                    validHost: { type: 'string', id: 1 },
                    originalRequest: { type: 'ServerReflectionRequest', id: 2 },
                    fileDescriptorResponse: { type: 'FileDescriptorResponse', id: 4 },
                    allExtensionNumbersResponse: { type: 'ExtensionNumberResponse', id: 5 },
                    listServicesResponse: { type: 'ListServiceResponse', id: 6 },
                    errorResponse: { type: 'ErrorResponse', id: 7 },
                  },
                },
                FileDescriptorResponse: {
                  fields: { fileDescriptorProto: { rule: 'repeated', type: 'bytes', id: 1 } },
                },
                ExtensionNumberResponse: {
                  fields: {
                    baseTypeName: { type: 'string', id: 1 },
                    extensionNumber: { rule: 'repeated', type: 'int32', id: 2 },
                  },
                },
                ListServiceResponse: {
                  fields: { service: { rule: 'repeated', type: 'ServiceResponse', id: 1 } },
                },
                ServiceResponse: { fields: { name: { type: 'string', id: 1 } } },
                ErrorResponse: {
                  fields: {
                    errorCode: { type: 'int32', id: 1 },
                    errorMessage: { type: 'string', id: 2 },
                  },
                },
              },
            },
          },
        },
      },
    },
  },
};

const loaded = fromJSON(definition, { oneofs: true, enums: String, longs: Number });

/** grpc.reflection.v1.ServerReflection. */
export const reflectionService = loaded['grpc.reflection.v1.ServerReflection'] as ServiceDefinition;
