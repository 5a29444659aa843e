import { ServerInterceptingCall } from '@grpc/grpc-js';
import type { Metadata, ServerInterceptor } from '@grpc/grpc-js';

import { DsageError } from '../model/errors.js';
import type { Identity } from '../model/user.js';
import { identityOf } from '../security/identity.js';
import { toServiceError } from './errors.js';

/** Any call of grpc-js's server side, in a handler or in an interceptor. */
interface AuthenticatedCall {
  getAuthContext(): {
    readonly sslPeerCertificate?: { readonly raw: Buffer } | undefined;
    /** Who the interceptor says it is. */
    readonly dsageCaller?: Identity;
  };
}

/** Who calls; undefined for a caller without a certificate of this cluster. */
function callerOf(call: AuthenticatedCall): Identity | undefined {
  const { sslPeerCertificate, dsageCaller } = call.getAuthContext();
  if (dsageCaller !== undefined) return dsageCaller;
  // grpc-js gives the certificate only when the CA in the credentials signed it.
  const raw = sslPeerCertificate?.raw;
  return raw === undefined ? undefined : identityOf(raw);
}

/**
 * Who calls. Throws `unauthenticated` for a caller without a certificate of this cluster.
 */
export function requireCaller(call: AuthenticatedCall): Identity {
  const caller = callerOf(call);
  if (caller !== undefined) return caller;
  throw new DsageError('unauthenticated', 'This call needs a certificate of this cluster.', {
    hint: 'Run `dsage setup` on the machine of the server, or ask an admin for a certificate: `dsage user add`.',
  });
}

/** What is known of a call before its handler sees it. */
export interface IncomingCall {
  /** Undefined for a caller without a certificate of this cluster. */
  readonly caller: Identity | undefined;
  /** Such as `/dsage.v1.ClientService/Session`. */
  readonly path: string;
  readonly metadata: Metadata;
}

/**
 * Looks at every call before its handler does.
 *
 * @param decide throws the DsageError to refuse a call with; returns who the handler is to take the caller for, when
 * that is not whom the certificate names
 */
export function identityInterceptor(
  // eslint-disable-next-line @typescript-eslint/no-invalid-void-type -- most deciders have nothing to say
  decide: (call: IncomingCall) => Identity | undefined | void,
): ServerInterceptor {
  return (method, call) => {
    const identified: IdentifiedCall = new IdentifiedCall(call, {
      start(next) {
        next({
          onReceiveMetadata(metadata, nextMetadata) {
            try {
              identified.caller =
                decide({ caller: callerOf(call), path: method.path, metadata }) ?? undefined;
            } catch (error) {
              const { code, details, metadata: trailer } = toServiceError(error);
              call.sendStatus({ code, details, metadata: trailer });
              return;
            }
            nextMetadata(metadata);
          },
        });
      },
    });
    return identified;
  };
}

class IdentifiedCall extends ServerInterceptingCall {
  caller: Identity | undefined;

  override getAuthContext(): ReturnType<ServerInterceptingCall['getAuthContext']> {
    const context = super.getAuthContext();
    return this.caller === undefined ? context : Object.assign({}, context, { dsageCaller: this.caller });
  }
}
