import { createSecureContext } from 'node:tls';
import type { ConnectionOptions, PeerCertificate, SecureContextOptions } from 'node:tls';

import { ChannelCredentials, ServerCredentials } from '@grpc/grpc-js';
import type { ChannelOptions, ServerOptions } from '@grpc/grpc-js';

import { DsageError, messageOf } from '../model/errors.js';
import { MAX_MESSAGE_BYTES } from '../model/protocol.js';
import { identityOf } from '../security/identity.js';
import { withHandshakeLimit } from './handshakes.js';

/** What one side shows, and whom it trusts, as PEM. `loadClientFiles` and `loadServerFiles` give it. */
export interface TlsPems {
  readonly caPem: string;
  readonly certificatePem: string;
  readonly keyPem: string;
}

const TLS_VERSION = 'TLSv1.3';
const SERVER_NAME = 'dsage-server';

/**
 * Options of both sides. A peer that is gone (its machine lost power, its cable was pulled) is noticed
 * within 15 s. A peer that stands still for longer, such as a stopped process, loses its connection and
 * nothing else: sessions are resumed on the next one.
 */
const COMMON_OPTIONS = {
  'grpc.keepalive_time_ms': 5_000,
  'grpc.keepalive_timeout_ms': 10_000,
  // A message above the limit fails where it is sent, with a clear error, and not at the other side.
  'grpc.max_send_message_length': MAX_MESSAGE_BYTES,
  'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
  // HTTP/2's 64 KiB would wait for a round trip within every batch on a long line.
  'grpc-node.flow_control_window': 1024 * 1024,
} satisfies ChannelOptions;

export const SERVER_OPTIONS: ServerOptions = COMMON_OPTIONS;

export const CHANNEL_OPTIONS: ChannelOptions = {
  ...COMMON_OPTIONS,
  'grpc.initial_reconnect_backoff_ms': 200,
  'grpc.max_reconnect_backoff_ms': 5_000,
  // Our own protocol repeats what was lost; grpc-js would keep a copy of everything sent for its retries.
  'grpc.enable_retries': 0,
  // Closing a channel closes its connection, and one user's trouble does not slow another's reconnect.
  'grpc.use_local_subchannel_pool': 1,
  // A cluster is reached directly, whatever proxy the environment has for the web.
  'grpc.enable_http_proxy': 0,
  'grpc.service_config_disable_resolution': 1,
  // The name in the TLS handshake; it may not be an address, which many servers are reached by.
  'grpc.ssl_target_name_override': SERVER_NAME,
};

/**
 * What a client or a worker connects with. The server must show a certificate of role `server` that the
 * cluster's CA signed; by what name or address it was reached does not matter, since tunnels and copies
 * of addresses change that, and the CA signs for this cluster alone. Throws `setup` for PEMs that do not fit.
 */
export function clientCredentials(pems: TlsPems): ChannelCredentials {
  const credentials = ChannelCredentials.createFromSecureContext(secureContext(pems), {
    checkServerIdentity: checkServer,
  });
  return withHandshakeLimit(credentials);
}

/** What a caller that has no certificate yet connects with; it trusts the same servers. */
export function anonymousCredentials(caPem: string): ChannelCredentials {
  const context = createSecureContext({ ca: caPem, minVersion: TLS_VERSION });
  return withHandshakeLimit(
    ChannelCredentials.createFromSecureContext(context, { checkServerIdentity: checkServer }),
  );
}

/**
 * What the server listens with. It asks for a client's certificate and lets callers without one connect,
 * since enrolment is for them: every other call must be refused by `identityInterceptor`. A certificate
 * that the CA did not sign counts as none.
 */
export class ClusterServerCredentials extends ServerCredentials {
  /** Throws `setup` for PEMs that do not fit. */
  constructor(pems: TlsPems) {
    secureContext(pems);
    super({ requestCert: true, rejectUnauthorized: false, minVersion: TLS_VERSION }, contextOptions(pems));
  }

  /** New connections are served with these from now on. Throws `setup`, and changes nothing, for PEMs that do not fit. */
  update(pems: TlsPems): void {
    secureContext(pems);
    this.updateSecureContextOptions(contextOptions(pems));
  }

  override _equals(other: ServerCredentials): boolean {
    return this === other;
  }
}

function contextOptions({ caPem, certificatePem, keyPem }: TlsPems): SecureContextOptions {
  return { ca: caPem, cert: certificatePem, key: keyPem, minVersion: TLS_VERSION };
}

/** A connection of our own to the server at `host:port`, as gRPC makes one. Throws `setup` for PEMs that do not fit. */
export function tlsOptions(server: string, pems: TlsPems): ConnectionOptions {
  const colon = server.lastIndexOf(':');
  return {
    host: server.slice(0, colon).replace(/^\[|\]$/g, ''),
    port: Number(server.slice(colon + 1)),
    secureContext: secureContext(pems),
    servername: SERVER_NAME,
    ALPNProtocols: ['h2'],
    checkServerIdentity: checkServer,
  };
}

/** Also the check: grpc-js only logs when it is given PEMs that do not fit, and then drops every connection. */
function secureContext(pems: TlsPems): ReturnType<typeof createSecureContext> {
  try {
    return createSecureContext(contextOptions(pems));
  } catch (error) {
    throw new DsageError('setup', `The certificate and key cannot be used for TLS: ${messageOf(error)}.`, {
      hint: 'Run `dsage setup` again, or copy the key pair and pubcert.pem from one and the same cluster.',
      cause: error,
    });
  }
}

function checkServer(_host: string, certificate: PeerCertificate): Error | undefined {
  if (identityOf(certificate.raw)?.role === 'server') return undefined;
  return new Error('not a dsage server: its certificate has another role');
}
