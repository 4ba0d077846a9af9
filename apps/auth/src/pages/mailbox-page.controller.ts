import { isLoopbackHost } from '@gatehouse/service-kit';
import {
  type CanActivate,
  Controller,
  type ExecutionContext,
  Get,
  Injectable,
  Module,
  NotFoundException,
  UseGuards,
} from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { type KeptMessage, MailboxNotifier } from '../platform/notifications/mailbox.js';
import { Notifier } from '../platform/notifications/notifier.js';
import { html, type Html } from './html.js';
import type { PageContext } from './page-context.js';
import { renderPage } from './page.js';
import { CurrentPageContext, Pages } from './pages.guard.js';
import { PagesModule } from './pages.module.js';

/**
 * Accepts callers on this machine only. The `Host` must be a loopback name as well: a website whose name resolves to 127.0.0.1 (DNS
 * rebinding) could otherwise read the page.
 */
@Injectable()
export class LoopbackGuard implements CanActivate {
  /** @throws {NotFoundException} */
  canActivate(context: ExecutionContext): boolean {
    const { socket, hostname, headers } = context.switchToHttp().getRequest<FastifyRequest>();
    // Also `x-forwarded-host`, which a page can send after DNS rebinding, and which `hostname` believes with TRUST_PROXY.
    const isForwarded = Object.keys(headers).some((name) => /^(x-)?forwarded/.test(name));
    const isLocal = isLoopbackAddress(socket.remoteAddress) && isLoopbackHost(hostname);
    if (!isLocal || isForwarded) throw new NotFoundException();
    return true;
  }
}

const isLoopbackAddress = (address: string | undefined): boolean =>
  address !== undefined && /^(::ffff:)?127\.|^::1$/.test(address);

/** Shows the mails of this process in development. In English only, because only developers read it. */
@Controller('dev/mailbox')
@UseGuards(LoopbackGuard)
@Pages()
export class MailboxPageController {
  constructor(private readonly notifier: Notifier) {}

  @Get()
  show(@CurrentPageContext() context: PageContext): Response {
    const messages = this.notifier instanceof MailboxNotifier ? this.notifier.messages : [];
    return renderPage(context, {
      title: 'Mailbox',
      isWide: true,
      main: html`<h1>Mailbox</h1>
        <p class="quiet">
          The latest mails of this server, newest first. Reload the page to see new ones. Production
          has no such page.
        </p>
        ${
          messages.length === 0
            ? html`<p>No mail was sent since the start of the server.</p>`
            : html`<ul class="entries mails">
                ${messages.map(renderMessage)}
              </ul>`
        }`,
    });
  }
}

const renderMessage = ({ to, subject, text, at }: KeptMessage): Html =>
  html`<li>
    <div>
      <p class="name">${subject}</p>
      <p class="quiet small">To ${to} at ${at.toISOString().slice(0, 19).replace('T', ' ')} UTC</p>
      <pre>
${text.split(/(https?:\/\/\S+)/).map((part, n) => (n % 2 === 1 ? html`<a href="${part}">${part}</a>` : part))}</pre>
    </div>
  </li>`;

@Module({ imports: [PagesModule], controllers: [MailboxPageController] })
export class MailboxModule {}
