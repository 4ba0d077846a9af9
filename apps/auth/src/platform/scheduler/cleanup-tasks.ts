export {
  buildIndexedDelete,
  buildKeyRangeStatements,
  CLEANUP_BATCH_SIZE,
  createIndexedCleanup,
  createKeyRangeCleanup,
} from '@gatehouse/persistence';
export type { CleanupStep, CleanupTask, ExpiredRows } from '@gatehouse/persistence';
