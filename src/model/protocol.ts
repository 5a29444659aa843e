/** Raised when a change breaks the wire. */
export const PROTOCOL_VERSION = 1;

export const DEFAULT_GRPC_PORT = 8081;
export const DEFAULT_WEB_PORT = 8082;

/** Payloads above this travel as blobs. */
export const MAX_INLINE_BYTES = 256 * 1024;
/** A batch is cut at about this size. */
export const TARGET_BATCH_BYTES = 512 * 1024;
/** gRPC refuses larger messages: one payload at its limit plus one batch, with room. */
export const MAX_MESSAGE_BYTES = 8 * 1024 * 1024;
/** The first byte of a payload that only names a blob (PACKED FORMATS in proto/dsage/v1/types.proto). */
export const BLOB_TAG = 0x01;
/** A blob's limit. */
export const MAX_BLOB_BYTES = 512 * 1024 * 1024;
export const BLOB_CHUNK_BYTES = 256 * 1024;
/** A module with all that it imports: code, and its source map. */
export const MAX_BUNDLE_BYTES = 50 * 1024 * 1024;
