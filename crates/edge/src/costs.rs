//! What the answer to a request costs at the platform, which bills and limits operations by their number.

use std::fmt;
use std::ops::AddAssign;
use std::str::FromStr;

/// What is billed, or counts against the limit of what one request may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// R2, class A: writes and lists.
    ClassA,
    /// R2, class B: reads, of bytes or of facts.
    ClassB,
    /// R2, free: deletes.
    Delete,
    /// A request to a Durable Object.
    DurableObject,
    /// What the platform's cache had, instead of a read.
    CacheHit,
}

/// How many of each.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Costs {
    class_a: u32,
    class_b: u32,
    deletes: u32,
    durable_objects: u32,
    cache_hits: u32,
}

impl Costs {
    /// Counts `times` more.
    pub fn add(&mut self, operation: Operation, times: u32) {
        let count = match operation {
            Operation::ClassA => &mut self.class_a,
            Operation::ClassB => &mut self.class_b,
            Operation::Delete => &mut self.deletes,
            Operation::DurableObject => &mut self.durable_objects,
            Operation::CacheHit => &mut self.cache_hits,
        };
        *count = count.saturating_add(times);
    }

    const fn named(&self) -> [(&'static str, u32); 5] {
        [
            ("class-a", self.class_a),
            ("class-b", self.class_b),
            ("deletes", self.deletes),
            ("durable-objects", self.durable_objects),
            ("cache-hits", self.cache_hits),
        ]
    }
}

impl AddAssign for Costs {
    fn add_assign(&mut self, more: Self) {
        self.add(Operation::ClassA, more.class_a);
        self.add(Operation::ClassB, more.class_b);
        self.add(Operation::Delete, more.deletes);
        self.add(Operation::DurableObject, more.durable_objects);
        self.add(Operation::CacheHit, more.cache_hits);
    }
}

/// As a header has it, a dictionary of RFC 9651 §3.2: `class-a=1, class-b=0, deletes=0, durable-objects=2,
/// cache-hits=0`.
impl fmt::Display for Costs {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, (name, count)) in self.named().into_iter().enumerate() {
            let separator = if place == 0 { "" } else { ", " };
            write!(to, "{separator}{name}={count}")?;
        }
        Ok(())
    }
}

/// A text that is not what [`Costs`] are written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoCosts;

impl FromStr for Costs {
    type Err = NoCosts;

    fn from_str(text: &str) -> Result<Self, NoCosts> {
        let mut costs = Self::default();
        for member in text.split(", ") {
            let (name, count) = member.split_once('=').ok_or(NoCosts)?;
            let operation = match name {
                "class-a" => Operation::ClassA,
                "class-b" => Operation::ClassB,
                "deletes" => Operation::Delete,
                "durable-objects" => Operation::DurableObject,
                "cache-hits" => Operation::CacheHit,
                _ => return Err(NoCosts),
            };
            costs.add(operation, count.parse().map_err(|_| NoCosts)?);
        }
        Ok(costs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_added_up_written_and_read() {
        let mut costs = Costs::default();
        costs.add(Operation::ClassA, 1);
        costs.add(Operation::DurableObject, 2);
        let mut sum = costs;
        sum += costs;
        sum.add(Operation::ClassB, 40);
        sum.add(Operation::Delete, 3);
        sum.add(Operation::CacheHit, 5);
        let text = "class-a=2, class-b=40, deletes=3, durable-objects=4, cache-hits=5";
        assert_eq!(sum.to_string(), text);
        assert_eq!(text.parse(), Ok(sum));
    }

    #[test]
    fn other_texts_are_none() {
        for text in [
            "",
            "class-a",
            "class-a=-1",
            "class-z=1",
            "class-a=1,class-b=1",
        ] {
            assert_eq!(text.parse::<Costs>(), Err(NoCosts), "{text}");
        }
    }
}
