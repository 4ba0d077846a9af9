import { EventEmitter } from 'node:events';
import { SocketExpiry } from '../../src/graphql/graphql-ws-connection.js';

const { jest } = import.meta;

/** The part of a `ws` socket that concerns closing. */
class Socket extends EventEmitter {
  readonly closings: unknown[] = [];

  close(...args: unknown[]): void {
    this.closings.push(args);
    this.emit('close');
  }
}

const DAY_MS = 86_400_000;

let socket: Socket;
let expiry: SocketExpiry;

beforeEach(() => {
  jest.useFakeTimers();
  socket = new Socket();
  expiry = new SocketExpiry();
});
afterEach(() => {
  jest.useRealTimers();
});

function closeIn(milliseconds: number, target = socket): void {
  const end = Date.now() + milliseconds;
  expiry.schedule(target, () => end - Date.now());
}

it('closes the socket when the token expires, and not before', () => {
  closeIn(1000);

  jest.advanceTimersByTime(999);
  expect(socket.closings).toEqual([]);
  jest.advanceTimersByTime(1);
  expect(socket.closings).toEqual([[4403, 'invalid_token']]);
});

it('closes a socket at once if its token has expired', () => {
  closeIn(0);

  expect(socket.closings).toHaveLength(1);
});

it('supports more than the 25 days of a timer in Node', () => {
  const setTimer = jest.spyOn(globalThis, 'setTimeout');
  closeIn(60 * DAY_MS);
  expect(setTimer).toHaveBeenLastCalledWith(expect.any(Function), 2 ** 31 - 1);

  jest.advanceTimersByTime(60 * DAY_MS - 1);
  expect(socket.closings).toEqual([]);
  jest.advanceTimersByTime(1);
  expect(socket.closings).toHaveLength(1);
});

it('keeps one timer and one listener for all operations of a connection', () => {
  for (let i = 0; i < 100; i += 1) closeIn(1000);

  expect(jest.getTimerCount()).toBe(1);
  expect(socket.listenerCount('close')).toBe(1);
});

it('keeps no timer of closed connections', () => {
  const sockets = Array.from({ length: 10_000 }, () => new Socket());
  for (const each of sockets) closeIn(1000, each);
  expect(jest.getTimerCount()).toBe(10_000);

  for (const each of sockets) each.emit('close');

  expect(jest.getTimerCount()).toBe(0);
});
