import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { KeysModule } from '../keys/keys.module.js';
import { MailDelivery } from './delivery/mail-delivery.service.js';
import { MailJobsRepository } from './delivery/mail-jobs.repository.js';
import { MailMetrics } from './delivery/mail-metrics.js';
import { MailQueue } from './delivery/mail-queue.js';
import { MailReadiness } from './delivery/mail-readiness.js';
import { MailWorker } from './delivery/mail-worker.service.js';
import { DeadLetters } from './delivery/dead-letters.service.js';
import { DevMailController } from './mailbox/dev-mail.controller.js';
import { DevMailService } from './mailbox/dev-mail.service.js';
import { MailMessage } from './outbox/mail-message.entity.js';
import { MailMessagesRepository } from './outbox/mail-messages.repository.js';
import { MailOutbox } from './outbox/mail-outbox.service.js';
import { MailSweep } from './outbox/mail-sweep.service.js';

@Module({
  imports: [TypeOrmModule.forFeature([MailMessage]), KeysModule],
  controllers: [DevMailController],
  providers: [
    DeadLetters,
    DevMailService,
    MailDelivery,
    MailJobsRepository,
    MailMessagesRepository,
    MailMetrics,
    MailOutbox,
    MailQueue,
    MailReadiness,
    MailSweep,
    MailWorker,
  ],
  exports: [MailOutbox],
})
export class MailModule {}
