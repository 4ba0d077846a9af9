import { dropBlock, dropJson, dropLines } from '../edits.mjs';

const GUARDS = 'libs/guards';
const PACKAGES = ['@nestjs/platform-socket.io', '@nestjs/platform-ws', '@nestjs/websockets'];

/** @type {import('../parts.mjs').Part} */
export const part = {
  title: 'Guards for WebSockets',
  paths: [
    `${GUARDS}/docs/websockets.md`,
    `${GUARDS}/src/websockets`,
    `${GUARDS}/test/flows/websockets`,
    `${GUARDS}/test/support/guarded-gateway.ts`,
    `${GUARDS}/test/support/websocket-clients.ts`,
  ],
  edits: [
    dropJson(
      `${GUARDS}/package.json`,
      ['exports', './websockets'],
      ['peerDependencies', '@nestjs/websockets'],
      ['peerDependenciesMeta', '@nestjs/websockets'],
    ),
    dropJson(
      `${GUARDS}/test/package.json`,
      ...[...PACKAGES, 'socket.io-client'].map((name) => ['dependencies', name]),
    ),
    dropLines(`${GUARDS}/test/units/answer-headers.property.spec.ts`, /HandshakeError/),
    dropLines('.dependency-cruiser.mjs', /^ {2}websockets:/),
    dropLines('apps/e2e/test/upstream/boundaries.slow.spec.ts', /guards-packages-websockets/),
    dropBlock('tools/guards-copy/parts.mjs', /^ {2}websockets: \{/, /^ {2}\},/),
  ],
};
