//! A map of a few things.

/// A map of so few things that a sorted list serves: several times less code than a tree, for each type it is used with.
#[derive(Debug, Clone)]
pub struct SmallMap<K, V>(Vec<(K, V)>);

impl<K, V> Default for SmallMap<K, V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K, V> SmallMap<K, V> {
    /// A map of nothing.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// How many things there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Keys and values, by key.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.0.iter().map(|(key, value)| (key, value))
    }

    /// The values, in the order of their keys, to be changed.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.0.iter_mut().map(|(_, value)| value)
    }

    /// The values, in the order of their keys.
    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.0.iter().map(|(_, value)| value)
    }
}

impl<K: Ord, V> SmallMap<K, V> {
    /// Whether there is something under `key`.
    pub fn contains_key(&self, key: &K) -> bool {
        self.place(key).is_ok()
    }

    /// What is there under `key`.
    pub fn get(&self, key: &K) -> Option<&V> {
        self.0.get(self.place(key).ok()?).map(|(_, value)| value)
    }

    /// What is there under `key`, to be changed.
    pub fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        let at = self.place(key).ok()?;
        self.0.get_mut(at).map(|(_, value)| value)
    }

    /// What is there under `key`, which is the default where there was nothing.
    pub fn get_or_default(&mut self, key: K) -> &mut V
    where
        V: Default,
    {
        let at = match self.place(&key) {
            Ok(at) => at,
            Err(at) => {
                self.0.insert(at, (key, V::default()));
                at
            }
        };
        &mut self.0[at].1
    }

    /// Puts `value` under `key`; gives what was there.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        match self.place(&key) {
            Ok(at) => {
                let (_, old) = self.0.get_mut(at)?;
                Some(std::mem::replace(old, value))
            }
            Err(at) => {
                self.0.insert(at, (key, value));
                None
            }
        }
    }

    /// Takes away and gives what is there under `key`.
    pub fn remove(&mut self, key: &K) -> Option<V> {
        let at = self.place(key).ok()?;
        Some(self.0.remove(at).1)
    }

    fn place(&self, key: &K) -> Result<usize, usize> {
        self.0.binary_search_by(|(own, _)| own.cmp(key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_has_what_was_put_last() {
        let mut map = SmallMap::new();
        for (key, value) in [(7, 'a'), (1, 'b'), (9, 'c')] {
            assert_eq!(map.insert(key, value), None);
        }
        assert_eq!(map.insert(7, 'd'), Some('a'));
        let found = [1, 7, 8, 9].map(|key| map.get(&key).copied());
        assert_eq!(found, [Some('b'), Some('d'), None, Some('c')]);
        assert!(map.values().eq(&['b', 'd', 'c']), "by key");
        assert!(map.iter().map(|(key, _)| key).eq(&[1, 7, 9]));
        assert!(map.contains_key(&9) && !map.contains_key(&8));
        assert_eq!(map.len(), 3);
    }

    #[test]
    fn what_is_taken_away_is_there_no_more() {
        let mut map = SmallMap::default();
        map.insert("one", 1);
        map.insert("two", 2);
        *map.get_or_default("two") += 1;
        assert_eq!(*map.get_or_default("three"), 0);
        assert_eq!(map.remove(&"three"), Some(0));
        assert_eq!(map.remove(&"two"), Some(3));
        assert_eq!(map.remove(&"two"), None);
        assert_eq!(map.len(), 1);
        map.clear();
        assert!(map.is_empty());
    }
}
