//! A module with nothing in it: what the media core's share of a module is reckoned from (`www/budgets.json`).

/// The browser's module has this one.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

fn main() {
    std::hint::black_box(Vec::<u8>::with_capacity(std::hint::black_box(1)));
}
