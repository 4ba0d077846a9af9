export const ORDER_STATES = ['placed', 'cancelled'] as const;
export type OrderState = (typeof ORDER_STATES)[number];

/** The actions that a state allows, and the state after each. */
const TRANSITIONS = {
  placed: { cancel: 'cancelled' },
  cancelled: {},
} as const satisfies Record<OrderState, Partial<Record<string, OrderState>>>;

export type OrderAction = keyof (typeof TRANSITIONS)['placed'];

/** @returns undefined when the state does not allow the action */
export function findNextState(state: OrderState, action: OrderAction): OrderState | undefined {
  const actions: Partial<Record<OrderAction, OrderState>> = TRANSITIONS[state];
  return actions[action];
}
