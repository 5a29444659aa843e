/** A tool beside the server: `sharer.ts DIRECTORY USERS` adds that many users, which makes the file grow. */
import { LmdbStore } from '#dsage/server/store/lmdb.js';

const [directory = '', users = '1'] = process.argv.slice(2);
const store = LmdbStore.open(directory, { shared: true });
await store.commit(
  Array.from({ length: Number(users) }, (_, i) => ({
    type: 'put-user',
    user: { name: `user-${i}`, role: 'user', enabled: true, createdAtMs: i, serials: ['00'.repeat(500)] },
  })),
);
await store.close();
