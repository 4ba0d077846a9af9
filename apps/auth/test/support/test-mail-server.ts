import { SMTPServer } from 'smtp-server';

export interface Mail {
  readonly to: readonly string[];
  readonly text: string;
}

/** A real mail server on a free port. `mails` holds the accepted mails. */
export class TestMailServer {
  readonly mails: Mail[] = [];
  /** Whether the server rejects every message temporarily (RFC 5321 §4.2.1, a 4yz reply). */
  isRefusing = false;
  private readonly server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS', 'AUTH'],
    disableReverseLookup: true,
    onData: (stream, session, done) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        if (this.isRefusing) return done(Object.assign(new Error('later'), { responseCode: 451 }));
        const to = session.envelope.rcptTo.map(({ address }) => address);
        this.mails.push({ to, text: Buffer.concat(chunks).toString() });
        return done();
      });
    },
  });

  /** @returns `SMTP_URL` */
  async start(): Promise<string> {
    await new Promise<void>((listening) => {
      this.server.listen(0, '127.0.0.1', listening);
    });
    const address = this.server.server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    return `smtp://127.0.0.1:${address.port}`;
  }

  async stop(): Promise<void> {
    await new Promise<void>((closed) => {
      this.server.close(closed);
    });
  }
}
