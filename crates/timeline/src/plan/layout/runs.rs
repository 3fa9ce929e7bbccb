//! A table of runs of equal values, of which the runs are known before the values are looked at.

use std::ops::Range;

use crate::track::Runs;

/// Consecutive values with their runs.
#[derive(Debug, Clone)]
struct Span {
    /// How many runs have begun before.
    begun: usize,
    /// Its first run goes on from the one before.
    continues: bool,
    runs: Runs,
    /// Numbers of the samples whose values they are.
    numbers: Range<u64>,
}

/// Spans of values, one after another.
#[derive(Debug, Clone, Default)]
pub(super) struct RunTable {
    spans: Vec<Span>,
    count: usize,
}

impl RunTable {
    pub(super) fn push(&mut self, runs: Runs, numbers: Range<u64>) {
        if runs.count == 0 {
            return;
        }
        let last = self.spans.last().map(|span| span.runs.last);
        let continues = last == Some(runs.first);
        self.spans.push(Span {
            begun: self.count,
            continues,
            runs,
            numbers,
        });
        self.count += runs.count as usize - usize::from(continues);
    }

    /// How many runs there are.
    pub(super) const fn len(&self) -> usize {
        self.count
    }

    /// Gives runs by their numbers: how long each is, and of what. `values` gives those of samples, which are
    /// asked for only where runs that are wanted begin among several.
    pub(super) fn entries<V: Iterator<Item = u32>>(
        &self,
        wanted: Range<usize>,
        values: impl Fn(Range<u64>) -> V,
        take: &mut dyn FnMut(u32, u32),
    ) {
        let behind = self
            .spans
            .partition_point(|span| span.begun <= wanted.start);
        let spans = self
            .spans
            .get(behind.saturating_sub(1)..)
            .unwrap_or_default();
        let Some(first) = spans.first() else {
            return;
        };
        let mut open = Open {
            number: first.begun,
            run: None,
            wanted,
            take,
        };
        // What goes on from the span before began there.
        let mut skipped = match first.continues {
            true => u64::from(first.runs.first_len),
            false => 0,
        };
        for span in spans {
            let numbers = span.numbers.start + std::mem::take(&mut skipped)..span.numbers.end;
            let len = (numbers.end - numbers.start) as u32;
            if span.runs.count == 1 {
                open.add(len, span.runs.first);
            } else if open.is_last() {
                let goes_on = if span.continues {
                    span.runs.first_len
                } else {
                    0
                };
                open.add(goes_on, span.runs.first);
                break;
            } else {
                let mut values = values(numbers);
                while !open.is_over()
                    && let Some(value) = values.next()
                {
                    open.add(1, value);
                }
            }
            if open.is_over() {
                return;
            }
        }
        open.close();
    }
}

/// The run that may go on.
struct Open<'a> {
    number: usize,
    /// How long it is so far, and of what.
    run: Option<(u32, u32)>,
    wanted: Range<usize>,
    take: &'a mut dyn FnMut(u32, u32),
}

impl Open<'_> {
    fn add(&mut self, len: u32, value: u32) {
        match &mut self.run {
            _ if len == 0 => {}
            Some((own, same)) if *same == value => *own += len,
            _ => {
                self.close();
                self.run = Some((len, value));
            }
        }
    }

    fn close(&mut self) {
        if let Some((len, value)) = self.run.take() {
            if self.wanted.contains(&self.number) {
                (self.take)(len, value);
            }
            self.number += 1;
        }
    }

    /// None is wanted behind it.
    fn is_last(&self) -> bool {
        self.run.is_some() && self.number + 1 >= self.wanted.end
    }

    /// All that is wanted was given.
    const fn is_over(&self) -> bool {
        self.number >= self.wanted.end
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values cut into spans of so many.
    fn table(values: &[u32], spans: &[usize]) -> RunTable {
        let mut table = RunTable::default();
        let mut from = 0;
        for len in spans {
            let own = values.get(from..from + len).unwrap_or_default();
            table.push(
                Runs::of(own.iter().copied()),
                from as u64..(from + len) as u64,
            );
            from += len;
        }
        table
    }

    #[test]
    fn any_runs_are_those_of_the_values_however_they_are_cut() {
        let values = [3, 3, 3, 1, 1, 2, 2, 2, 2, 2, 2, 2, 5, 6, 5, 6, 6, 6, 6, 1];
        let cuts: [&[usize]; 6] = [
            &[20],
            &[1; 20],
            &[3, 2, 7, 4, 4],
            &[4, 2, 2, 2, 2, 8],
            &[6, 1, 1, 1, 1, 1, 6, 3],
            &[10, 10],
        ];
        let of = |range: Range<u64>| {
            let own = values.get(range.start as usize..range.end as usize);
            own.unwrap_or_default().iter().copied()
        };
        let all = [
            (3, 3),
            (2, 1),
            (7, 2),
            (1, 5),
            (1, 6),
            (1, 5),
            (4, 6),
            (1, 1),
        ];
        for spans in cuts {
            let table = table(&values, spans);
            assert_eq!(table.len(), all.len(), "{spans:?}");
            for from in 0..=all.len() {
                for to in from..=all.len() {
                    let mut found = Vec::new();
                    table.entries(from..to, of, &mut |len, value| found.push((len, value)));
                    assert_eq!(
                        Some(found.as_slice()),
                        all.get(from..to),
                        "{spans:?} {from}..{to}"
                    );
                }
            }
        }
    }
}
