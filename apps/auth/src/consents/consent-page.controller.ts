import { Body, Controller, Get, Post } from '@nestjs/common';
import { z } from 'zod';
import { continuation, seeOther } from '../pages/page.js';
import { CurrentVisitor, Pages } from '../pages/pages.guard.js';
import type { Visitor } from '../pages/visitor.js';
import { RateLimited } from '../rate-limits/rate-limit.guard.js';
import { consentPage } from './consent-page.js';
import { ConsentQuestions } from './consent-questions.js';

const consentForm = z.object({ decision: z.enum(['allow', 'deny']) });
type ConsentForm = z.infer<typeof consentForm>;

/** A person is asked whether a client may have what it asks for. */
@Controller('consent')
@RateLimited('authorization')
@Pages()
export class ConsentPageController {
  constructor(private readonly questions: ConsentQuestions) {}

  @Get()
  async show(@CurrentVisitor() visitor: Visitor): Promise<Response> {
    const question = await this.questions.of(visitor);
    return question
      ? consentPage(visitor, question)
      : seeOther(continuation(visitor, visitor.ticket));
  }

  @Post()
  async decide(
    @CurrentVisitor() visitor: Visitor,
    @Body({ schema: consentForm }) { decision }: ConsentForm,
  ): Promise<Response> {
    return seeOther(await this.questions.answer(visitor, decision));
  }
}
