import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Support staff list the orders of all owners. */
export class OrdersByTime1764780000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE INDEX orders_by_time ON customer_order (placed_at, id)');
    await runner.query(
      'CREATE INDEX orders_in_a_state_by_time ON customer_order (state, placed_at, id)',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX orders_in_a_state_by_time');
    await runner.query('DROP INDEX orders_by_time');
  }
}
