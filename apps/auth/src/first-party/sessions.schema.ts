import { z } from 'zod';
import type { SessionView } from '../sessions/session.service.js';

const instant = z.iso.datetime();

export const sessionRepresentation = z.object({
  id: z.string().describe('The `sid` of its access tokens'),
  client_id: z.string(),
  user_agent: z.string().nullable().describe('As the device named itself at login'),
  origin: z.string().nullable().describe('The network that the login came from: /24 or /48'),
  created_at: instant,
  last_used_at: instant,
  ends_at: instant.describe('If it is not used before'),
  current: z.boolean().describe('Whether the access token of this call is of this session'),
});
export type SessionRepresentation = z.infer<typeof sessionRepresentation>;

export const sessionList = z.object({ sessions: z.array(sessionRepresentation) });
export type SessionList = z.infer<typeof sessionList>;

export const endedSessions = z.object({ ended: z.int().describe('How many sessions ended') });
export type EndedSessions = z.infer<typeof endedSessions>;

/** @param current `sid` of the caller */
export const toSessionRepresentation = (
  session: SessionView,
  current: string | undefined,
): SessionRepresentation => ({
  id: session.id,
  client_id: session.clientId,
  user_agent: session.userAgent,
  origin: session.origin,
  created_at: session.createdAt.toISOString(),
  last_used_at: session.lastUsedAt.toISOString(),
  ends_at: session.endsAt.toISOString(),
  current: session.id === current,
});
