/* eslint-disable @typescript-eslint/no-explicit-any -- an index signature stands for the fields that a meter or a suite adds */
/** Types that the suites share. */
import type { PostgresStore, SqliteStore } from './auth/stores.mjs';
import type { startPostgres } from './machine/postgres.mjs';
import type { Child } from './machine/processes.mjs';

/** The CPUs for the servers and for the load generator. */
export interface Pins {
  server: number;
  client: number;
}

/** What a suite measures, how often and how long. */
export interface Plan {
  rounds: number;
  seconds: number;
  warmUp: number;
  parts: string[];
  [field: string]: any;
}

/** The options of the command line. */
export interface Options {
  quick?: boolean;
  json?: boolean;
  rounds?: string;
  seconds?: string;
  servers?: string;
  parts?: string;
  dir?: string;
  minutes?: string;
  record?: boolean;
  import?: string;
}

/** Undoes a step of a part, such as the start of a server. */
export type Undo = () => unknown;

export interface Stage {
  dir: string;
  pins?: Pins | undefined;
  postgres: Awaited<ReturnType<typeof startPostgres>>;
  generator: Child;
  plan: Plan;
  undo: Undo[];
}

/** Where and how one server starts. */
export interface Place {
  name: string;
  dir: string;
  databaseUrl?: string | undefined;
  cpu?: number | undefined;
  serverSecret?: string;
  settings?: Record<string, string> | undefined;
}

export type Store = PostgresStore | SqliteStore;

/** A running server with the paths and credentials that its requests need. */
export interface Server {
  child: Child;
  children?: Child[];
  port: number;
  chains: string[];
  [field: string]: any;
}

/** What a server is asked, by how many connections. */
export interface Workload {
  name?: string;
  request: string;
  connections: number;
  /** By store. */
  aims?: Record<string, number>;
  durable?: boolean;
}

/** One measurement: numbers by name. */
export type Sample = Record<string, any>;

/** One workload on one server, with its measurements. */
export interface Cell {
  workload: Workload;
  server: Server;
  samples: Sample[];
  [field: string]: any;
}

export interface Aim {
  words: string;
  value: number;
  met: boolean;
}

/** A row of a table of results. */
export interface Row {
  name: string;
  aims: Aim[];
  failures?: number;
  firstFailure?: string | undefined;
  [field: string]: any;
}

/** A column: its title, and its text for a row. */
export type Column = [title: string, value: (row: any) => string];

/** Reads a counter that only grows. */
export type Meters = Record<string, () => number | Promise<number>>;

/** A client or service with its secret. */
export interface Credentials {
  id: string;
  secret: string;
  [field: string]: any;
}
