import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Election } from './election.entity.js';

@Injectable()
export class ElectionsRepository {
  constructor(private readonly dataSource: DataSource) {}

  findById(id: number): Promise<Election | null> {
    return this.dataSource.getRepository(Election).findOneBy({ id });
  }

  findDefault(): Promise<Election> {
    return this.dataSource.getRepository(Election).findOneByOrFail({ isDefault: true });
  }
}
