import type { Socket } from 'node:net';

import type { ChannelCredentials, experimental } from '@grpc/grpc-js';

type SecureConnector = experimental.SecureConnector;

/** A server that is there answers within one round trip; a stopped one or a cut line never does. */
const HANDSHAKE_MS = 10_000;

/**
 * Ends TLS handshakes that nobody answers: with their channel, or after some time. grpc-js itself does neither,
 * so that a port which accepts connections and says nothing would be waited for without end, also by a program
 * that has given up and closed its channel.
 */
export function withHandshakeLimit(
  credentials: ChannelCredentials,
  timeoutMs = HANDSHAKE_MS,
): ChannelCredentials {
  const createConnector = credentials._createSecureConnector.bind(credentials);
  credentials._createSecureConnector = (...given) => limited(createConnector(...given), timeoutMs);
  return credentials;
}

function limited(connector: SecureConnector, timeoutMs: number): SecureConnector {
  const underWay = new Set<Socket>();
  return {
    async connect(socket) {
      underWay.add(socket);
      const timer = setTimeout(() => {
        socket.destroy(new Error(`no TLS handshake within ${timeoutMs / 1000} s`));
      }, timeoutMs);
      try {
        return await connector.connect(socket);
      } finally {
        clearTimeout(timer);
        underWay.delete(socket);
      }
    },
    waitForReady: () => connector.waitForReady(),
    getCallCredentials: () => connector.getCallCredentials(),
    destroy() {
      for (const socket of underWay) socket.destroy(new Error('its channel was closed'));
      connector.destroy();
    },
  };
}
