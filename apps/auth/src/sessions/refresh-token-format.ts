import { Injectable } from '@nestjs/common';
import {
  type DerivedKey,
  isSameText,
  ServerSecrets,
  signText,
} from '../platform/server-secrets.js';

/** What a genuine refresh token says. */
export interface RefreshToken {
  readonly familyId: string;
  readonly generation: number;
}

const TOKEN_PATTERN = /^([\w-]{22})\.(0|[1-9]\d{0,8})\.([\w-]{6})\.[\w-]{43}$/;

/**
 * Refresh tokens are written as `family . generation . secret id . MAC`, opaque to clients. The MAC (HMAC-SHA-256 under
 * a key derived from the server secret) is checked before the database is asked anything, so a made-up token costs a
 * hash. The secret is not in the database and family ids are not in the secret: neither alone can mint a token.
 */
@Injectable()
export class RefreshTokenFormat {
  private readonly keys: ReturnType<ServerSecrets['derive']>;

  constructor(secrets: ServerSecrets) {
    this.keys = secrets.derive('refresh-token mac');
  }

  write(token: RefreshToken): string {
    return signRefreshToken(token, this.keys.current);
  }

  /** @returns what the token says, if this server made it */
  read(text: string): RefreshToken | undefined {
    const [, familyId, digits, secretId] = TOKEN_PATTERN.exec(text) ?? [];
    const key = this.keys.all.get(secretId ?? '');
    if (familyId === undefined || key === undefined) return undefined;
    const token = { familyId, generation: Number(digits) };
    return isSameText(text, signRefreshToken(token, key)) ? token : undefined;
  }
}

const signRefreshToken = ({ familyId, generation }: RefreshToken, key: DerivedKey): string =>
  signText(`${familyId}.${generation}`, key);
