import { dropBlock, dropJson, dropLines } from '../edits.mjs';

const GUARDS = 'libs/guards';
const PACKAGES = ['@grpc/grpc-js', '@grpc/proto-loader', '@nestjs/microservices'];

/** @type {import('../parts.mjs').Part} */
export const part = {
  title: 'Guards for microservice messages (TCP, gRPC, brokers)',
  paths: [
    `${GUARDS}/docs/microservices.md`,
    `${GUARDS}/src/microservices`,
    `${GUARDS}/test/flows/microservices`,
    `${GUARDS}/test/support/grpc-service.ts`,
    `${GUARDS}/test/support/guarded-messages.ts`,
    `${GUARDS}/test/units/broker-headers.spec.ts`,
  ],
  edits: [
    dropJson(
      `${GUARDS}/package.json`,
      ['exports', './microservices'],
      ['peerDependencies', '@nestjs/microservices'],
      ['peerDependenciesMeta', '@nestjs/microservices'],
    ),
    dropJson(`${GUARDS}/test/package.json`, ...PACKAGES.map((name) => ['dependencies', name])),
    dropLines('.dependency-cruiser.mjs', /^ {2}microservices:/),
    dropBlock('tools/guards-copy/parts.mjs', /^ {2}microservices: \{/, /^ {2}\},/),
  ],
};
