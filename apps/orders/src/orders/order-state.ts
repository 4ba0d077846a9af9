export const ORDER_STATES = ['placed', 'cancelled'] as const;
export type OrderState = (typeof ORDER_STATES)[number];

/** What may happen to an order in a state, and the state that it is in then. What is not here cannot happen. */
const TRANSITIONS = {
  placed: { cancel: 'cancelled' },
  cancelled: {},
} as const satisfies Record<OrderState, Partial<Record<string, OrderState>>>;

export type OrderAction = keyof (typeof TRANSITIONS)['placed'];

/** @returns the next state, or undefined where the action is not possible */
export function findNextState(state: OrderState, action: OrderAction): OrderState | undefined {
  const actions: Partial<Record<OrderAction, OrderState>> = TRANSITIONS[state];
  return actions[action];
}
