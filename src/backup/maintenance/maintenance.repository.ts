import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { MAINTENANCE_LOCK } from '../databases/maintenance-lock.js';

export interface DatabaseState {
  /** Another number: another database under the same name. */
  database: number;
  isInMaintenance: boolean;
}

/** A row that a killed restore left says nothing: nobody holds the lock any more. */
const STATE = `
  SELECT d.oid::bigint AS database,
         CASE WHEN EXISTS (SELECT FROM maintenance) THEN EXISTS (
           SELECT FROM pg_locks l WHERE l.locktype = 'advisory' AND l.granted AND l.database = d.oid
                                    AND l.classid = 0 AND l.objid::bigint = ${MAINTENANCE_LOCK} AND l.objsubid = 1)
         ELSE false END AS "isInMaintenance"
  FROM pg_database d WHERE d.datname = current_database()`;

@Injectable()
export class MaintenanceRepository {
  constructor(private readonly dataSource: DataSource) {}

  async look(): Promise<DatabaseState | undefined> {
    const [state] = await this.dataSource.query<DatabaseState[]>(STATE);
    return state;
  }
}
