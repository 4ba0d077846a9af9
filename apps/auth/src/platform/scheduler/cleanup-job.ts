export { CleanupJob } from '@gatehouse/persistence';
