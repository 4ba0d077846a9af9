import {
  Column,
  Entity,
  JoinColumn,
  ManyToOne,
  type MigrationInterface,
  PrimaryColumn,
  type QueryRunner,
} from 'typeorm';
import { openDatabase } from '../../src/index.js';
import { eachDatabase, findSchemaDifferences } from '../../testing/index.js';

@Entity('parcel')
class Parcel {
  @PrimaryColumn('varchar', { length: 36 }) readonly id!: string;
}

@Entity('scan')
class Scan {
  @PrimaryColumn('varchar', { length: 36 }) readonly id!: string;
  @Column('varchar', { name: 'parcel_id', length: 36 }) readonly parcelId!: string;
  @ManyToOne(() => Parcel)
  @JoinColumn({ name: 'parcel_id', foreignKeyConstraintName: 'scan_of_a_parcel' })
  readonly parcel!: Parcel;
}

const createTables = (constraint: string) =>
  class CreateParcels1700000000000 implements MigrationInterface {
    async up(runner: QueryRunner): Promise<void> {
      await runner.query('CREATE TABLE parcel (id varchar(36) PRIMARY KEY NOT NULL)');
      await runner.query(`CREATE TABLE scan (
        id        varchar(36) PRIMARY KEY NOT NULL,
        parcel_id varchar(36) NOT NULL,
        ${constraint}
      )`);
    }

    async down(): Promise<void> {}
  };

eachDatabase('a relation with a foreign key', (fresh) => {
  const settingsWith = async (constraint: string) => ({
    name: 'parcels',
    entities: [Parcel, Scan],
    migrations: [createTables(constraint)],
    migrate: true,
    ...(await fresh()),
  });

  it('agrees with the migration that writes the constraint as docs/database.md shows', async () => {
    const settings = await settingsWith(
      'CONSTRAINT "scan_of_a_parcel" FOREIGN KEY ("parcel_id") REFERENCES "parcel" ("id")',
    );
    expect(await findSchemaDifferences(settings)).toEqual([]);

    const database = await openDatabase(settings);
    const { unitOfWork } = database;
    // The driver's error class can belong to another realm of Jest, so the text is compared.
    const sql = `INSERT INTO scan (id, parcel_id) VALUES ('s', 'none')`;
    expect(await unitOfWork.execute(sql).catch(String)).toMatch(/foreign key/i);
    await database.close();
  });

  it('names the document when the constraint has no name', async () => {
    const settings = await settingsWith('FOREIGN KEY (parcel_id) REFERENCES parcel (id)');
    const differences = await findSchemaDifferences(settings);
    expect(differences.at(-1)).toContain('docs/database.md');
  });
});
