//! Which program of the stream is recorded, and what is in it.
//!
//! Rule: the first program of the PAT whose PMT has a stream of a supported type. Where PMTs of
//! programs before it have not been seen by the time its own comes a second time, they are not
//! waited for. Once chosen it stays until the PAT no longer names it.

use livetape_media::ToList;

use super::packet::{Counter, Packet, Step};
use super::psi::{EsInfo, Pat, Pmt, Sections};

/// Programs that are looked at.
const MAX_PROGRAMS: usize = 256;

#[derive(Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct Program {
    number: u16,
    pmt_pid: u16,
    pmt: Option<Pmt>,
    /// How often this PMT came, up to 2.
    seen: u8,
}

/// The sections of one PID.
#[derive(Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct Table {
    pid: u16,
    sections: Sections,
    counter: Counter,
}

/// Follows PAT and PMTs.
#[derive(Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Programs {
    pat: Table,
    version: Option<u8>,
    programs: Vec<Program>,
    tables: Vec<Table>,
    chosen: Option<u16>,
}

/// What a packet changed.
#[derive(Debug, Default)]
pub(super) struct Change {
    /// The PIDs of PMTs are other ones.
    pub(super) pmt_pids: bool,
    /// A table says something else than before.
    pub(super) is_news: bool,
    /// The chosen program was chosen just now, or its streams are other ones.
    pub(super) streams: Option<Pmt>,
    /// Sections that were broken.
    pub(super) broken: usize,
}

impl Programs {
    /// True once a program is chosen.
    pub(super) const fn is_chosen(&self) -> bool {
        self.chosen.is_some()
    }

    /// True where nothing is chosen although all programs are known: none can be read.
    pub(super) fn none_usable(&self) -> bool {
        let mut programs = self.programs.iter();
        !self.is_chosen() && !self.programs.is_empty() && programs.all(|p| p.pmt.is_some())
    }

    /// The streams of all programs that are known, the first `most` of them.
    pub(super) fn all_streams(&self, most: usize) -> Vec<EsInfo> {
        let pmts = self
            .programs
            .iter()
            .filter_map(|program| program.pmt.as_ref());
        let streams = pmts.flat_map(|pmt| pmt.streams.iter().copied());
        streams.take(most).to_list()
    }

    /// The PIDs that carry PMTs.
    pub(super) fn pmt_pids(&self) -> impl Iterator<Item = u16> {
        self.tables.iter().map(|table| table.pid)
    }

    /// Takes a packet of PID 0.
    pub(super) fn pat_packet(&mut self, packet: &Packet<'_>) -> Change {
        let mut change = Change::default();
        let mut pats = Vec::new();
        change.broken = self.pat.push(packet, &mut |section| {
            if let Some(pat) = Pat::parse(section) {
                pats.push(pat);
            }
        });
        for pat in pats {
            change.pmt_pids |= self.update(&pat);
        }
        change.is_news = change.pmt_pids;
        change
    }

    /// Takes a packet of a PID of [`Self::pmt_pids`]; `supported` says which streams are.
    pub(super) fn pmt_packet(
        &mut self,
        packet: &Packet<'_>,
        supported: impl Fn(&EsInfo) -> bool,
    ) -> Change {
        let mut change = Change::default();
        let mut tables = self.tables.iter_mut();
        let Some(table) = tables.find(|table| table.pid == packet.pid) else {
            return change;
        };
        let mut pmts = Vec::new();
        change.broken = table.push(packet, &mut |section| {
            if let Some(pmt) = Pmt::parse(section) {
                pmts.push(pmt);
            }
        });
        for pmt in pmts {
            let number = pmt.program;
            let mut programs = self.programs.iter_mut();
            let Some(program) =
                programs.find(|program| program.number == number && program.pmt_pid == packet.pid)
            else {
                continue;
            };
            let same = program.pmt.as_ref() == Some(&pmt);
            program.seen = if same { 2 } else { 1 };
            if !same {
                program.pmt = Some(pmt);
                change.is_news = true;
            }
            let before = self.chosen;
            if before.is_none() {
                self.chosen = self.choose(&supported);
            }
            let is_news = before != self.chosen || before == Some(number) && !same;
            if let Some(chosen) = self.chosen.filter(|_| is_news) {
                let mut programs = self.programs.iter();
                let program = programs.find(|program| program.number == chosen);
                change.streams = program.and_then(|program| program.pmt.clone());
            }
        }
        change
    }

    /// Nothing more comes for now: chooses without waiting for PMTs not seen.
    pub(super) fn settle(&mut self, supported: impl Fn(&EsInfo) -> bool) -> Option<Pmt> {
        if self.is_chosen() {
            return None;
        }
        let mut pmts = self
            .programs
            .iter()
            .filter_map(|program| program.pmt.as_ref());
        let usable = |pmt: &&Pmt| pmt.streams.iter().any(&supported);
        let pmt = pmts.find(usable)?.clone();
        self.chosen = Some(pmt.program);
        Some(pmt)
    }

    /// What came before has nothing to do with what comes.
    pub(super) fn restart(&mut self) {
        for table in self.tables.iter_mut().chain([&mut self.pat]) {
            table.counter.reset();
            table.sections.lost();
        }
    }

    fn choose(&self, supported: impl Fn(&EsInfo) -> bool) -> Option<u16> {
        for program in &self.programs {
            let Some(pmt) = &program.pmt else { continue };
            if pmt.streams.iter().any(&supported) {
                let earlier = self.programs.iter().take_while(|p| p.number != pmt.program);
                let all_seen = { earlier }.all(|program| program.pmt.is_some());
                return (all_seen || program.seen > 1).then_some(program.number);
            }
        }
        None
    }

    /// Puts a section of a PAT in force; true where PIDs changed.
    fn update(&mut self, pat: &Pat) -> bool {
        let fresh = !pat.partial || self.version != Some(pat.version);
        self.version = Some(pat.version);
        let listed = |program: &Program| pat.programs.contains(&(program.number, program.pmt_pid));
        let before = self.programs.len();
        if fresh {
            self.programs.retain(listed);
        }
        let mut changed = self.programs.len() != before;
        for &(number, pmt_pid) in &pat.programs {
            let mut known = self.programs.iter();
            let is_known = known.any(|p| p.number == number && p.pmt_pid == pmt_pid);
            if !is_known && self.programs.len() < MAX_PROGRAMS {
                changed = true;
                self.programs.push(Program {
                    number,
                    pmt_pid,
                    pmt: None,
                    seen: 0,
                });
            }
        }
        if changed {
            self.listen();
        }
        changed
    }

    /// Keeps one table for each PID that carries a PMT.
    fn listen(&mut self) {
        let programs = &self.programs;
        let chosen = self.chosen;
        if !programs
            .iter()
            .any(|program| Some(program.number) == chosen)
        {
            self.chosen = None;
        }
        let wanted = |pid: u16| programs.iter().any(|program| program.pmt_pid == pid);
        self.tables.retain(|table| wanted(table.pid));
        for program in &self.programs {
            let pid = program.pmt_pid;
            if !self.tables.iter().any(|table| table.pid == pid) {
                self.tables.push(Table {
                    pid,
                    ..Table::default()
                });
            }
        }
    }
}

impl Table {
    fn push(&mut self, packet: &Packet<'_>, sink: &mut dyn FnMut(&[u8])) -> usize {
        let Some(payload) = packet.payload.filter(|_| !packet.damaged) else {
            return 0;
        };
        match self.counter.step(packet) {
            Step::Next => {}
            Step::Same if !packet.start => return 0,
            Step::Same | Step::Gap(_) | Step::Restart => {
                self.sections.lost();
            }
        }
        self.sections.push(payload, packet.start, sink)
    }
}
