/// What macros without arguments are in plain text.
enum LaTeXSymbols {
  /// The character for each macro, by its name without the backslash; from pylatexenc 2's table, as far as answers use it.
  static let plain: [String: String] = [
    "&": "&", "$": "$", "{": "{", "}": "}", "#": "#", "_": "_", "backslash": "\\", "hbar": "ħ",
    "ell": "ℓ", "forall": "∀", "complement": "∁", "partial": "∂", "exists": "∃", "nexists": "∄",
    "varnothing": "∅", "emptyset": "∅", "aleph": "ℵ", "nabla": "∇", "in": "∈", "notin": "∉",
    "ni": "∋", "prod": "∏", "sum": "∑", "setminus": "∖", "ast": "∗", "circ": "∘", "bullet": "∙",
    "propto": "∝", "infty": "∞", "parallel": "∥", "wedge": "∧", "vee": "∨", "cap": "∩",
    "cup": "∪", "int": "∫", "sim": "∼", "simeq": "≃", "approx": "≈", "neq": "≠", "equiv": "≡",
    "le": "≤", "ge": "≥", "leq": "≤", "geq": "≥", "leqslant": "⩽", "geqslant": "⩾", "ll": "≪",
    "gg": "≫", "subset": "⊂", "supset": "⊃", "subseteq": "⊆", "supseteq": "⊇", "subsetneq": "⊊",
    "supsetneq": "⊋", "nsubseteq": "⊈", "cdot": "·", "times": "×", "otimes": "⊗", "oplus": "⊕",
    "cos": "cos", "sin": "sin", "tan": "tan", "arccos": "arccos", "arcsin": "arcsin",
    "arctan": "arctan", "cosh": "cosh", "sinh": "sinh", "tanh": "tanh", "arccosh": "arccosh",
    "arcsinh": "arcsinh", "arctanh": "arctanh", "ln": "ln", "log": "log", "exp": "exp",
    "max": "max", "min": "min", "sup": "sup", "inf": "inf", "lim": "lim", "prime": "'",
    "dag": "†", "dagger": "†", "pm": "±", "mp": "∓", ",": " ", ";": " ", ":": " ", "!": "",
    "quad": "  ", "qquad": "    ", "ldots": "…", "cdots": "⋯", "ddots": "⋱", "vdots": "⋮",
    "dots": "…", "dotsc": "…", "dotsb": "…", "langle": "⟨", "rangle": "⟩", "lvert": "|",
    "rvert": "|", "vert": "|", "lVert": "‖", "rVert": "‖", "Vert": "‖", "mid": "|", "nmid": "∤",
    "uparrow": "↑", "downarrow": "↓", "rightarrow": "→", "to": "→", "leftarrow": "←",
    "longrightarrow": "⟶", "mapsto": "↦", "leftrightarrow": "↔", "Leftarrow": "⇐",
    "Rightarrow": "⇒", "Leftrightarrow": "⇔", "Longrightarrow": "⟹", "alpha": "α", "Alpha": "Α",
    "beta": "β", "Beta": "Β", "gamma": "γ", "Gamma": "Γ", "delta": "δ", "Delta": "Δ",
    "epsilon": "ϵ", "Epsilon": "Ε", "zeta": "ζ", "Zeta": "Ζ", "eta": "η", "Eta": "Η",
    "theta": "θ", "Theta": "Θ", "iota": "ι", "Iota": "Ι", "kappa": "κ", "Kappa": "Κ",
    "lambda": "λ", "Lambda": "Λ", "mu": "μ", "Mu": "Μ", "nu": "ν", "Nu": "Ν", "xi": "ξ",
    "Xi": "Ξ", "omicron": "ο", "Omicron": "Ο", "pi": "π", "Pi": "Π", "rho": "ρ", "Rho": "Ρ",
    "sigma": "σ", "Sigma": "Σ", "tau": "τ", "Tau": "Τ", "upsilon": "υ", "Upsilon": "Υ",
    "phi": "ϕ", "Phi": "Φ", "chi": "χ", "Chi": "Χ", "psi": "ψ", "Psi": "Ψ", "omega": "ω",
    "Omega": "Ω", "varepsilon": "ε", "vartheta": "ϑ", "varpi": "ϖ", "varrho": "ϱ",
    "varsigma": "ς", "varphi": "φ", "varkappa": "ϰ", "-": "\u{AD}", "perp": "⊥", "angle": "∠",
    "measuredangle": "∡", "lfloor": "⌊", "rfloor": "⌋", "lceil": "⌈", "rceil": "⌉", "star": "⋆",
    "div": "÷", "square": "□", "blacksquare": "▪", "cong": "≅", "top": "⊤", "vdash": "⊢",
    "dashv": "⊣", "bigcup": "⋃", "bigcap": "⋂", "bigvee": "⋁", "bigwedge": "⋀", "diamond": "♢",
    "lnot": "¬", "triangleleft": "◃", "triangleright": "▹", "because": "∵", "therefore": "∴",
    "doteq": "≐", "asymp": "≍", "prec": "≺", "succ": "≻", "preceq": "≼", "succeq": "≽",
    "ominus": "⊖", "odot": "⊙", "textdegree": "°", "textbackslash": "\\", "surd": "√", "i": "ı",
    "j": "ȷ", "l": "ł", "o": "ø", " ": " ", "\\": "\n",
  ]

  /// Combining marks that follow their letter.
  static let accents: [String: Unicode.Scalar] = [
    "hat": "\u{302}", "tilde": "\u{303}", "bar": "\u{305}", "vec": "\u{20D7}", "dot": "\u{307}",
    "ddot": "\u{308}", "check": "\u{30C}", "breve": "\u{306}", "acute": "\u{301}",
    "grave": "\u{300}",
  ]
}
