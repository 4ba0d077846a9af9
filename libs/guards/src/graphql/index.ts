export { graphqlTransport } from './graphql.transport.js';
