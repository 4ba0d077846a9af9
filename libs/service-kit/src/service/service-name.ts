/** Injection token of the name that was given to `ServiceModule.forRoot`. */
export const SERVICE_NAME = Symbol('SERVICE_NAME');
