import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { LmdbStore } from '#dsage/server/store/lmdb.js';
import { MemoryStore } from '#dsage/server/store/memory.js';
import { exerciseStore, type StoreUnderTest } from './store.js';

exerciseStore('memory', openMemory);
exerciseStore('LMDB', openLmdb);

function openMemory(): StoreUnderTest {
  const store = new MemoryStore();
  return { store, reopen: async () => store.clone(), dispose: () => store.close() };
}

function openLmdb(): StoreUnderTest {
  const directory = mkdtempSync(join(tmpdir(), 'dsage-store-'));
  let store = LmdbStore.open(directory);
  return {
    store,
    reopen: async () => {
      await store.close();
      store = LmdbStore.open(directory);
      return store;
    },
    dispose: async () => {
      await store.close();
      rmSync(directory, { recursive: true });
    },
  };
}
