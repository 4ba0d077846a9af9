import { middleHalf, significant } from '../../report/table.mjs';

const whole = (value) => Math.round(value).toLocaleString('en');

export const listColumns = [
  [
    'ended within the hour',
    ({ ended, count, kind }) => `${whole(ended)} of ${whole(count)}, ${kind}`,
  ],
  ['query ms', ({ query }) => significant(query.median)],
  ['new list ms', ({ build }) => middleHalf(build)],
  ['CPU ms', ({ cpu }) => middleHalf(cpu)],
  ['bytes', ({ bytes }) => whole(bytes)],
  ['answers/s', ({ perSecond }) => whole(perSecond)],
  ['304/s', ({ againPerSecond }) => whole(againPerSecond)],
  ['server MiB', ({ memory }) => whole(memory / 2 ** 20)],
  ['failed', ({ failures }) => String(failures)],
];

export const guardColumns = [
  ['token', ({ name }) => name],
  ['CPU µs', ({ microseconds }) => significant(microseconds)],
  ['more than without, ns', ({ more }) => (more ? middleHalf(more) : '')],
  ['bytes a list', ({ bytesAList }) => (bytesAList ? whole(bytesAList) : '')],
];
