/** Who is on the scoreboard: its name, the module here that starts it, and the packages whose versions matter. */
export const SERVICES = [
  {
    name: 'Gatehouse guards',
    module: './gatehouse.mjs',
    packages: ['@nestjs/core', 'fastify'],
  },
  {
    name: 'stock recipe',
    module: './stock.mjs',
    packages: ['@nestjs/passport', 'passport-jwt', 'jwks-rsa'],
  },
  {
    name: 'express-oauth2-jwt-bearer',
    module: './express-oauth2-jwt-bearer.mjs',
    packages: ['express-oauth2-jwt-bearer', 'express'],
  },
  {
    name: 'aws-jwt-verify',
    module: './aws-jwt-verify.mjs',
    packages: ['aws-jwt-verify', 'express'],
  },
];
