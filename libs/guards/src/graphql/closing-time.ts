import { closeInTime } from '../closing-time.js';

/** CloseCode.Forbidden of graphql-ws. Its client takes it as a reason to connect again, and asks for a fresh token. */
const FORBIDDEN = 4403;

export interface ClosableSocket {
  close(code: number, reason: string): void;
  once(event: 'close', listener: () => void): unknown;
}

/** Closes sockets when the token that they were opened with ends. One timer each, and none that outlives its socket. */
export class ClosingTime {
  private readonly known = new WeakSet<ClosableSocket>();

  /** @param remainingMs for how long the token is good, asked again at the end of every wait */
  set(socket: ClosableSocket, remainingMs: () => number): void {
    if (this.known.has(socket)) return;
    this.known.add(socket);
    const close = () => socket.close(FORBIDDEN, 'invalid_token');
    socket.once('close', closeInTime(remainingMs, close));
  }
}
