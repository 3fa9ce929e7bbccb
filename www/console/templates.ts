/** Templates: made, passed on, deleted. */
import type { Limits, Template } from './api.js';
import { date, limits, titleOf } from './figures.js';
import { button, field, h } from './nodes.js';
import { words } from './text.js';
import { ListView, copyButton, heading } from './view.js';

const megabyte = 1e6;

/** The section. */
export class TemplatesView extends ListView {
  protected override readonly none = words().noTemplates;

  protected override show(): void {
    const text = words();
    const title = h('input', { maxlength: 200 });
    const origins = h('textarea', { rows: 3, spellcheck: 'false' });
    const number = (): HTMLInputElement => h('input', { type: 'number', min: 1, step: 1, placeholder: text.noLimit });
    const [minutes, megabytes, recordings, perMinute] = [number(), number(), number(), number()];
    const create = async (event: Event): Promise<void> => {
      event.preventDefault();
      const body: Limits = {
        ...(title.value.trim() ? { title: title.value.trim() } : {}),
        origins: origins.value.split(/\s+/).filter((origin) => origin !== ''),
        ...(minutes.value ? { minutes: minutes.valueAsNumber } : {}),
        ...(megabytes.value ? { bytes: megabytes.valueAsNumber * megabyte } : {}),
        ...(recordings.value ? { recordings: recordings.valueAsNumber } : {}),
        ...(perMinute.value ? { per_minute: perMinute.valueAsNumber } : {}),
      };
      const made = await this.attempt(() => this.session.api.createTemplate(body));
      if (!made) return;
      form.reset();
      this.put(this.#row(made));
      this.session.say(text.templateCreated);
    };
    const form = h('form', { class: 'card body', onsubmit: create }, h('h2', {}, text.newTemplate),
      h('div', { class: 'fields' }, field(text.name, title), field(text.origins, origins, text.originsHint), field(text.minutes, minutes),
        field(text.megabytes, megabytes), field(text.mostRecordings, recordings), field(text.perMinute, perMinute)),
      h('button', { class: 'button primary' }, text.createTemplate));
    this.append(heading(text.templates), h('p', { class: 'soft' }, text.templatesHint), h('section', { class: 'card body' }, this.note, this.list), form);
    void this.#load();
  }

  async #load(): Promise<void> {
    const templates = await this.attempt(() => this.session.api.templates());
    this.fill((templates ?? []).map((template) => this.#row(template)));
  }

  #row(template: Template): HTMLLIElement {
    const text = words();
    const facts = limits(template).map(([name, value]) => h('div', {}, h('dt', {}, name), h('dd', {}, value)));
    const question = text.deleteTemplateQuestion(titleOf(template));
    const remove = button(text.delete, () => void this.take(row, question, text.delete, () => this.session.api.deleteTemplate(template.id), text.deleted), 'button small danger');
    const row = h('li', { id: template.id },
      h('div', {}, h('strong', {}, titleOf(template)), h('code', { class: 'id' }, template.id), h('span', { class: 'soft' }, date(template.created))),
      h('div', { class: 'row' }, copyButton(this.session, text.copy, template.id), remove),
      h('dl', { class: 'facts' }, ...facts));
    return row;
  }
}

customElements.define('console-templates', TemplatesView);
