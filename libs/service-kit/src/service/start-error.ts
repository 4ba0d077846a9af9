type Sentence = (error: StartError) => string;
type StartError = Error &
  Readonly<Record<'code' | 'port' | 'address' | 'hostname' | 'path', unknown>>;

class AddressConfigurationError extends Error {
  override readonly name = 'AddressConfigurationError';
}

/** @returns one sentence that names the setting, when the cause is known; otherwise the error itself */
export function toListenError(error: unknown, setting: 'PORT' | 'METRICS_PORT'): unknown {
  if (!(error instanceof Error) || !('code' in error)) return error;
  const host = setting.replace('PORT', 'HOST');
  const { code, port, address, hostname } = error as StartError;
  const place = [address, hostname].find((each) => typeof each === 'string') ?? '';
  const sentences: Record<string, string> = {
    EADDRINUSE: `Port ${String(port)} is in use. Stop the other process or set ${setting}.`,
    EACCES: `Port ${String(port)} needs privileges. Set ${setting} to 1024 or more.`,
    EADDRNOTAVAIL: `${host}: ${place} is not an address of this machine.`,
    ENOTFOUND: `${host}: the name ${place} does not resolve.`,
    EAI_AGAIN: `${host}: the name ${place} does not resolve.`,
    EINVAL: `${host}: ${place} cannot be listened on.`,
  };
  const sentence = sentences[String(code)];
  return sentence === undefined ? error : new AddressConfigurationError(sentence);
}

const describeFile: Sentence = ({ path, message }) =>
  `The file ${String(path)} cannot be used: ${message}. Check its permissions and the setting that names it, such as DATA_DIR.`;
const describeMissingTables: Sentence = ({ message }) =>
  `The database is not migrated: ${message}. Run: npm run db:migrate`;

const KNOWN: readonly (readonly [RegExp, Sentence])[] = [
  [/^(EACCES|EPERM|EROFS|ENOSPC|EDQUOT|ENOTDIR|EISDIR|EMFILE|ENFILE|ENOENT)$/, describeFile],
  [/^42(P01|703)$|no such (table|column)/, describeMissingTables],
];

/**
 * @param isVerbose whether to add the stack; default: with `LOG_LEVEL=debug` or `trace`
 * @returns the text for standard error: a sentence for faults that the operator can correct, otherwise the message
 */
export function describeStartError(
  error: unknown,
  // eslint-disable-next-line no-restricted-properties -- the start can fail before there is a configuration
  isVerbose = /^(debug|trace)$/.test(process.env['LOG_LEVEL'] ?? ''),
): string {
  if (!(error instanceof Error)) return String(error);
  const sentence = findSentence(error);
  if (isVerbose) return [sentence, describeStacks(error)].filter(Boolean).join('\n');
  return sentence ?? `${error.name}: ${error.message}\nLOG_LEVEL=debug prints the stack.`;
}

function findSentence(error: Error): string | undefined {
  // By name, because libraries that do not import this one have their own ConfigurationError.
  if (error.name.endsWith('ConfigurationError')) return error.message;
  const { code, message, path } = error as StartError;
  const known = KNOWN.find(([pattern]) => pattern.test(String(code)) || pattern.test(message));
  if (!known) return undefined;
  const [, describe] = known;
  return describe === describeFile && path === undefined
    ? undefined
    : describe(error as StartError);
}

function describeStacks(error: Error): string {
  const own = error.stack ?? error.message;
  return error.cause instanceof Error ? `${own}\nCaused by ${describeStacks(error.cause)}` : own;
}
