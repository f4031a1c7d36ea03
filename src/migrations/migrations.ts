import { CreateCore1795150000000 } from './1795150000000-create-core.js';
import { AddBackups1795190000000 } from './1795190000000-add-backups.js';

/** Every migration, oldest first. */
export const MIGRATIONS = [CreateCore1795150000000, AddBackups1795190000000];
