import { ServerInterceptingCall } from '@grpc/grpc-js';
import type { ServerInterceptor } from '@grpc/grpc-js';

import { DsageError } from '../model/errors.js';
import type { Identity } from '../model/user.js';
import { identityOf } from '../security/identity.js';
import { toServiceError } from './errors.js';

/** Any call of grpc-js's server side, in a handler or in an interceptor. */
interface AuthenticatedCall {
  getAuthContext(): { readonly sslPeerCertificate?: { readonly raw: Buffer } | undefined };
}

/** Who calls; undefined for a caller without a certificate of this cluster. */
function callerOf(call: AuthenticatedCall): Identity | undefined {
  // grpc-js gives the certificate only when the CA in the credentials signed it.
  const raw = call.getAuthContext().sslPeerCertificate?.raw;
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

/**
 * Looks at every call before its handler does.
 *
 * @param decide throws the DsageError to refuse a call with; `path` is `/dsage.v1.ClientService/Session`
 */
export function identityInterceptor(
  decide: (caller: Identity | undefined, path: string) => void,
): ServerInterceptor {
  return (method, call) =>
    new ServerInterceptingCall(call, {
      start(next) {
        next({
          onReceiveMetadata(metadata, nextMetadata) {
            try {
              decide(callerOf(call), method.path);
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
}
