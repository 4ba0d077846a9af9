import { EventEmitter, on } from 'node:events';
import type { DynamicModule, INestApplication, Type } from '@nestjs/common';
import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import {
  Args,
  Field,
  GqlExecutionContext,
  GraphQLModule,
  Mutation,
  ObjectType,
  Parent,
  Query,
  ResolveField,
  Resolver,
  Subscription,
} from '@nestjs/graphql';
import { ExpressAdapter } from '@nestjs/platform-express';
import type { FastifyAdapter } from '@nestjs/platform-fastify';
import { graphqlTransport } from '../../src/graphql/index.js';
import {
  AccessToken,
  Claim,
  GuardsModule,
  type GuardsOptions,
  OptionalToken,
  Policy,
  type PolicyFunction,
  Public,
  RequireAnyScope,
  RequireScopes,
} from '../../src/index.js';
import { start } from './guarded-app.js';

@ObjectType()
export class Order {
  @Field()
  id!: string;

  @Field()
  owner!: string;
}

const ORDERS: Order[] = [
  { id: '1', owner: 'alice' },
  { id: '2', owner: 'bob' },
];

/** Events for subscriptions. Counts the listeners. */
export class Feed {
  private readonly events = new EventEmitter();

  listen() {
    return on(this.events, 'order');
  }

  send(order: Order): void {
    this.events.emit('order', order);
  }

  get listeners(): number {
    return this.events.listenerCount('order');
  }
}

const ownsOrder: PolicyFunction = ({ subject }, context) => {
  const { id } = GqlExecutionContext.create(context).getArgs<{ id: string }>();
  return ORDERS.some((order) => order.id === id && order.owner === subject);
};

const unwrapEvent = ([order]: [Order]) => order;

@Resolver(() => Order)
export class OrdersResolver {
  readonly feed = new Feed();

  @Query(() => [Order])
  @RequireScopes('orders:read')
  orders(): Order[] {
    return ORDERS;
  }

  @Query(() => Order, { nullable: true })
  @Policy(ownsOrder)
  order(@Args('id') id: string): Order | undefined {
    return ORDERS.find((order) => order.id === id);
  }

  @Query(() => Boolean, { nullable: true })
  @RequireScopes('orders:audit')
  audited(): boolean {
    return true;
  }

  @Query(() => [Number])
  @Public()
  prices(): number[] {
    return [1, 2];
  }

  @Query(() => String)
  @OptionalToken()
  greeting(@AccessToken() token: AccessToken | undefined): string {
    return `Hello ${token?.subject ?? 'stranger'}`;
  }

  @Query(() => String)
  @RequireAnyScope('orders:read', 'admin')
  caller(@AccessToken() token: AccessToken, @Claim('client_id') client: string): string {
    return `${token.subject} by ${client}`;
  }

  @Query(() => String)
  @RequireScopes('orders:read')
  tenant(@Claim('tenant') tenant: string): string {
    return tenant;
  }

  @Mutation(() => Order)
  @RequireScopes('orders:write')
  place(@AccessToken() { subject }: AccessToken): Order {
    const order = { id: '3', owner: subject };
    this.feed.send(order);
    return order;
  }

  @Subscription(() => Order, { resolve: unwrapEvent })
  @RequireScopes('orders:read')
  placed() {
    return this.feed.listen();
  }

  @Subscription(() => Order, {
    resolve: unwrapEvent,
    filter: ([order]: [Order], _: unknown, { user }: { user: AccessToken }) =>
      order.owner === user.subject,
  })
  @RequireScopes('orders:read')
  placedByMe() {
    return this.feed.listen();
  }

  @ResolveField(() => String)
  label(@Parent() { id }: Order, @AccessToken() { subject }: AccessToken): string {
    return `order ${id} for ${subject}`;
  }
}

export interface Graph {
  readonly adapter?: () => ExpressAdapter | FastifyAdapter;
  readonly guards: GuardsOptions;
  readonly graphql?: Partial<ApolloDriverConfig>;
  readonly resolvers?: Type[];
  /** Modules that are imported before and after the guards. */
  readonly before?: readonly Type[];
  readonly after?: readonly Type[];
  /** Default `GuardsModule.forRoot`. */
  readonly create?: (options: GuardsOptions) => DynamicModule;
}

export async function guardedGraph({
  adapter = () => new ExpressAdapter(),
  guards,
  graphql,
  resolvers = [OrdersResolver],
  before = [],
  after = [],
  create = GuardsModule.forRoot,
}: Graph): Promise<INestApplication> {
  const module = GraphQLModule.forRoot<ApolloDriverConfig>({
    driver: ApolloDriver,
    autoSchemaFile: true,
    subscriptions: { 'graphql-ws': true },
    ...graphql,
  });
  const guarded = create({ transports: [graphqlTransport()], ...guards });
  class ResolversModule {}
  const resolving = { module: ResolversModule, providers: resolvers };
  return start(adapter, [module, ...before, guarded, ...after, resolving], []);
}
