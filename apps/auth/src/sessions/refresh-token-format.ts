import { Injectable } from '@nestjs/common';
import {
  type DerivedKey,
  isSameText,
  ServerSecrets,
  signText,
} from '../platform/server-secrets.js';

/** The content of a refresh token. */
export interface RefreshToken {
  readonly familyId: string;
  readonly generation: number;
}

const TOKEN_PATTERN = /^([\w-]{22})\.(0|[1-9]\d{0,8})\.([\w-]{6})\.[\w-]{43}$/;

/**
 * Writes refresh tokens as `family . generation . secret id . MAC`. Clients treat the text as opaque. The MAC (HMAC-SHA-256
 * under a key derived from the server secret) is checked before any query, so a forged token costs one hash. An attacker needs
 * both the server secret and the database to forge a token, because the database holds the family ids but not the secret.
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

  /** @returns undefined unless this server made the token */
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
