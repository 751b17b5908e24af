//! What must be there before what: the order services start in, and circles in which none could.

/// An order in which each service comes after those it needs and which otherwise keeps the order given. `needs[i]` are the
/// positions service `i` needs. A circle comes back as the positions along it, the first one again at the end.
pub(super) fn start_order(needs: &[Vec<usize>]) -> Result<Vec<usize>, Vec<usize>> {
    let mut walk = Walk { needs, order: Vec::new(), way: Vec::new() };
    for index in 0..needs.len() {
        walk.visit(index)?;
    }
    Ok(walk.order)
}

struct Walk<'n> {
    needs: &'n [Vec<usize>],
    order: Vec<usize>,
    way: Vec<usize>,
}

impl Walk<'_> {
    /// As deep as there are services, which `SERVICES_MAX` bounds.
    fn visit(&mut self, index: usize) -> Result<(), Vec<usize>> {
        if self.order.contains(&index) {
            return Ok(());
        }
        if let Some(start) = self.way.iter().position(|earlier| *earlier == index) {
            return Err(self.way[start..].iter().copied().chain([index]).collect());
        }
        self.way.push(index);
        for next in self.needs.get(index).into_iter().flatten() {
            self.visit(*next)?;
        }
        self.way.pop();
        self.order.push(index);
        Ok(())
    }
}
