import { Column, Entity, type MigrationInterface, PrimaryColumn, type QueryRunner } from 'typeorm';
import { InstantColumn, openDatabase } from '../../src/index.js';
import type { TestDatabase } from '../../testing/index.js';

@Entity('note')
export class Note {
  @PrimaryColumn('varchar') readonly id!: string;
  @Column('varchar') readonly text!: string;
  @InstantColumn({ name: 'written_at', nullable: true }) readonly writtenAt!: Date | null;
}

export class CreateNotes1700000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE TABLE note (id varchar(32) NOT NULL PRIMARY KEY, text varchar(200) NOT NULL, written_at bigint)`,
    );
  }
  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE note');
  }
}

export const noteDatabaseSettings = (at: TestDatabase) => ({
  ...at,
  name: 'notes',
  entities: [Note],
  migrations: [CreateNotes1700000000000],
  migrate: true,
});
export const openNotes = (at: TestDatabase) => openDatabase(noteDatabaseSettings(at));
