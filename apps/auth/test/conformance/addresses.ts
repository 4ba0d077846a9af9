/** The address of the server as everybody knows it. In front of it stands what takes TLS off, here a fetch. */
export const ISSUER = 'https://op.example';
/** Where the suite runs. */
export const SUITE = 'https://suite.example/test/a/gatehouse';
export const CALLBACK = `${SUITE}/callback`;
