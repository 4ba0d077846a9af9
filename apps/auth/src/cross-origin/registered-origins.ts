import { UnitOfWork } from '@gatehouse/persistence';
import { Clock } from '@gatehouse/service-kit';
import { Injectable } from '@nestjs/common';

/** How old what is known may be, in milliseconds. */
const READ_EVERY_MS = 10_000;

/** Native apps, and pages under development, take whichever port is free; their redirect URIs may as well (RFC 8252 §7.3). */
const LOOPBACK = /^(http:\/\/(?:127\.0\.0\.1|\[::1\])):\d{1,5}$/;
const withoutFreePort = (origin: string): string => LOOPBACK.exec(origin)?.[1] ?? origin;

/** Where the clients that run in browsers come from: the origins of redirect URIs. */
@Injectable()
export class RegisteredOrigins {
  private known: ReadonlySet<string> = new Set();
  private readAt = Number.NEGATIVE_INFINITY;
  private reading: Promise<void> | undefined;

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly clock: Clock,
  ) {}

  /** @param origin as a browser sends it (RFC 6454 §6.2) */
  async includes(origin: string): Promise<boolean> {
    if (Math.abs(this.clock.now() - this.readAt) >= READ_EVERY_MS) {
      // A database that is away changes nothing about who was registered.
      this.reading ??= this.read()
        .catch(() => undefined)
        .finally(() => {
          this.reading = undefined;
        });
      await this.reading;
    }
    return this.known.has(withoutFreePort(origin));
  }

  /** Public clients only: the others have servers that ask for them. */
  private async read(): Promise<void> {
    const rows = await this.unitOfWork.query<{ redirect_uris: string }>(
      `SELECT redirect_uris FROM client WHERE auth_method = 'none' AND disabled_at IS NULL AND redirect_uris <> ''`,
    );
    const uris = rows.flatMap((row) => row.redirect_uris.split(' '));
    const urls = uris.filter((uri) => URL.canParse(uri)).map((uri) => new URL(uri));
    // Of other schemes the origin is "null", which is what a page in a sandbox calls its own.
    const origins = urls.map(({ origin }) => origin).filter((origin) => origin !== 'null');
    this.known = new Set(origins.map(withoutFreePort));
    this.readAt = this.clock.now();
  }
}
