export { Scheduler } from '@gatehouse/persistence';
