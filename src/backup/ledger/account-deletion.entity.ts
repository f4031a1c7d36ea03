import { Column, Entity, PrimaryColumn } from 'typeorm';

/** An account that was deleted: nothing of it but its id, which is never used again. */
@Entity('account_deletions')
export class AccountDeletion {
  @PrimaryColumn('bigint', { name: 'user_id', primaryKeyConstraintName: 'account_deletions_pkey' })
  userId!: number;

  @Column('timestamptz', { name: 'deleted_at', default: () => 'now()' })
  deletedAt!: Date;
}
