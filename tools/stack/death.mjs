import { Failure } from '../terminal/failure.mjs';
import { humanLine } from './log-lines.mjs';

/**
 * Waits, unless one of the services ends by itself meanwhile.
 *
 * @throws {Failure} with the last lines of the one that ended
 */
export async function unlessOneDies(services, wait) {
  const death = Promise.race(services.map((service) => service.diedByItself()));
  const dead = await Promise.race([wait.then(() => undefined), death]);
  if (dead) throw new Failure(obituary(dead));
}

function obituary({ service, how }) {
  const head = `${service.name} ended by itself (${how}).`;
  if (service.tail.length === 0) return `${head} It said nothing.`;
  const tail = service.tail.map((line) => humanLine(line, (_style, text) => text));
  return [`${head} The last that it said:`, ...tail].join('\n  ');
}
