"""What the bot says in English. Texts only; values come in escaped."""

PLURALS = {
    "day": ("day", "days", "days"),
    "config": ("config", "configs", "configs"),
    "device": ("device", "devices", "devices"),
    "address": ("address", "addresses", "addresses"),
}

MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip

TEXTS = {
    "language.name": "English",
    "unit.gib": "GB",
    "unit.mib": "MB",
    "home.new": (
        "👋 <b>Hi, {name}!</b>\n\n"
        "This is <b>OrbitVPN</b>, a fast VPN for phones and computers.\n\n"
        "🎁 Your free trial has started:\n<b>{days}</b> free, until {end}.\n\n"
        "Press “My VPN” to connect. It takes about a minute."
    ),
    "home.title": "🪐 <b>OrbitVPN</b>\n\n{subscription}\n💰 Balance: <b>{balance}</b>",
    "home.active": "✅ Subscription active, <b>{days}</b> left\n📅 Until {end}",
    "home.trial": "🎁 Free trial, <b>{days}</b> left\n📅 Until {end}",
    "home.none": "⏸ No subscription right now",
    "menu.vpn": "🔑 My VPN",
    "menu.plans": "🛒 Buy a subscription",
    "menu.renew": "🛒 Extend the subscription",
    "menu.balance": "💰 Balance",
    "menu.invite": "🎁 Invite a friend",
    "menu.gifts": "🎁 My gifts",
    "menu.settings": "⚙️ Settings",
    "menu.help": "❓ Help",
    "menu.home": "To the menu",
    "menu.back": "‹ Back",
    "vpn.title": "🔑 <b>My VPN</b>\n\n{subscription}",
    "vpn.empty": ("You have no config yet. It is your own link for a VPN app, and creating it takes a few seconds."),
    "vpn.list": "Choose a config to see its link and QR code:",
    "vpn.expired": "You need a subscription to connect.",
    "vpn.new": "Create a config",
    "vpn.more": "Create one more",
    "vpn.creating": "⏳ <b>Creating your config…</b>\n\nThis usually takes a couple of seconds. The message updates itself.",
    "vpn.delayed": (
        "⏳ <b>Your config is still being created</b>\n\n"
        "The server answers more slowly than usual. We keep trying and will send the config "
        "as soon as it is ready. There is nothing you need to press."
    ),
    "vpn.card": "🔑 {name}",
    "vpn.card_creating": "⏳ {name}",
    "config.caption": (
        "🔑 <b>{name}</b>\n\n"
        "Link for the app:\n<code>{url}</code>\n\n"
        "📅 Until <b>{end}</b>\n📊 Traffic: <b>{traffic}</b>\n\n"
        "{hint}"
    ),
    "config.hint": (
        "Copy the link and paste it into an app: Happ, Hiddify, v2rayNG or Streisand. "
        "On another device, scanning the QR code is easier."
    ),
    "config.hint_page": (
        "Press Connect: the page helps you choose an app and adds the config to it. "
        "On another device, scanning the QR code is easier."
    ),
    "config.traffic": "{used} of {limit}",
    "config.traffic_unlimited": "{used}, unlimited",
    "config.traffic_unknown": "updating",
    "config.copy": "📋 Copy the link",
    "config.key": "Show the key",
    "config.key_text": "🔑 <b>{name}</b>: key for manual setup\n\n<code>{link}</code>\n\nTap the key to copy it.",
    "config.refresh": "Refresh",
    "config.connect": "⚡️ Connect",
    "config.devices": "📱 Devices",
    "config.reissue": "New link",
    "config.reissue_ask": (
        "<b>Issue a new link for {name}?</b>\n\nThe old one stops opening at once. "
        "Apps that already have the config go on working, but can refresh it by the new link only."
    ),
    "config.reissue_yes": "Yes, issue a new one",
    "config.reissued": "Done, this is the new link",
    "config.delete": "Delete",
    "config.delete_ask": (
        "<b>Delete {name}?</b>\n\nDevices with this link will be disconnected. "
        "Your subscription stays, and you can create a new config right away."
    ),
    "config.delete_yes": "Yes, delete",
    "config.deleted": "The config is deleted",
    "devices.title": "📱 <b>Devices · {name}</b>\n\nPlaces taken: <b>{taken} of {most}</b>",
    "devices.line": "• <b>{name}</b>\n   {details} · {seen}",
    "devices.short_line": "• <b>{name}</b> · {seen}",
    "devices.today": "today",
    "devices.some_app": "A VPN app",
    "devices.none": "None yet. A device appears here once you add the link to an app on it.",
    "devices.hint": "A new device takes a place by itself when you add the link on it.",
    "devices.full": "There is no place left. Remove a device that you don't use, then refresh the subscription on the new one.",
    "devices.uncounted": "The link was also opened by apps that don't name their device. They take no place:\n{apps}\n\nOne that you don't know? Issue a new link, and the old one stops opening.",
    "devices.remove": "✕ Remove: {name}",
    "devices.removed": "The place is free",
    "plans.title": "🛒 <b>Subscription</b>\n\n{subscription}\n💰 Balance: <b>{balance}</b>\n\nNew days are added to those you have left.",
    "plans.row": "{title} · {price}",
    "plans.row_saving": "{title} · {price} · −{percent}%",
    "plans.row_best": "⭐ {title} · {price} · −{percent}%",
    "plan.sub_1m": "1 month",
    "plan.sub_3m": "3 months",
    "plan.sub_6m": "6 months",
    "plan.sub_12m": "12 months",
    "buy.ask": (
        "🛒 <b>{title}</b>\n\n"
        "📅 {days}, until {end}\n🔑 {configs} at once\n"
        "💳 Price: <b>{price}</b>\n💰 Balance: <b>{balance}</b>"
    ),
    "buy.yes": "Buy for {price}",
    "buy.short": (
        "🛒 <b>{title}</b>\n\n💳 Price: <b>{price}</b>\n💰 Balance: <b>{balance}</b>\n\n"
        "You are <b>{missing}</b> short. Top up, and you can buy the subscription right away."
    ),
    "buy.top_up": "Top up {missing}",
    "buy.done": "✅ <b>Subscription paid</b>\n\n📅 Valid until <b>{end}</b>\n💰 Left on the balance: <b>{balance}</b>",
    "balance.title": "💰 <b>Balance: {balance}</b>\n\nYou pay for the subscription from the balance. What is left stays there.",
    "balance.top_up": "Top up",
    "balance.no_methods": "Topping up is unavailable right now. Please come back later.",
    "topup.method": "💰 <b>Top up</b>\n\nHow would you like to pay?",
    "topup.amount": ("💰 <b>Top up: {method}</b>\n\nChoose an amount or type your own: from {minimum} to {maximum}."),
    "topup.use_buttons": "Choose a section with a button below.",
    "method.ton": "GRAM (TON)",
    "method.usdt": "USDT (TON)",
    "method.stars": "Telegram Stars",
    "method.cryptobot": "CryptoBot",
    "method.yookassa": "Bank card / SBP",
    "invoice.ton": (
        "💎 <b>Top up {amount}</b>\n\n"
        "Send exactly <b>{coins} {asset}</b>\n"
        "to the address\n<code>{address}</code>\n"
        "with the comment\n<code>{comment}</code>\n\n"
        "⚠️ The comment is required and must not be encrypted: it is how we recognise your payment.\n\n"
        "⏱ The rate holds until {deadline} UTC. The money is credited by itself, usually within a minute."
    ),
    "invoice.link": "💰 <b>Top up {amount}</b>\n\nTo pay: <b>{price}</b>\nBy: {method}\n\nPress the button below.\n⏱ The invoice is open until {deadline} (UTC). We credit it ourselves, right after the payment.",
    "invoice.stars": "{stars} ⭐",
    "stars.title": "OrbitVPN balance",
    "stars.description": "Balance top-up by {amount}, receipt No. {receipt}",
    "checkout.gone": "This invoice is closed or has expired. Open a new one in the bot: Balance → Top up. No Stars were taken.",
    "checkout.paid": "This invoice has been paid, the money is on the balance. No Stars were taken.",
    "checkout.foreign": "Somebody else opened this invoice. Open your own in the bot. No Stars were taken.",
    "checkout.changed": "The sum of this invoice has changed. Open a new one in the bot. No Stars were taken.",
    "checkout.not_now": "We got distracted for a second. No Stars were taken, please try again in a minute.",
    "paysupport.text": "💬 <b>Questions about a payment</b>\n\nMoney usually arrives within a minute. If it hasn't, press “I have paid” under the invoice, and we ask the payment system once more.\n\nIf that doesn't help, or you need a refund, write to {contact} and name the number of the receipt. We answer ourselves: Telegram support and @BotSupport can't help with purchases made in bots.",
    "paysupport.contact": "the owner of this bot",
    "terms.text": "📄 <b>Terms</b>\n\n1. You top up a balance and spend it on an OrbitVPN subscription. A subscription starts right after the purchase.\n2. A top-up is credited in full; what comes beyond an invoice, at its worth in rubles.\n3. A top-up that you haven't spent is refunded on request, the way it came: /paysupport. The refund takes the sum off the balance.\n4. Don't use the service for spam, break-ins or what the law forbids: access ends without a refund.\n5. We keep your Telegram ID and the history of your payments; we don't record what you do online.\n6. The seller and the support are this bot, not Telegram.",
    "invoice.pay": "Pay {price}",
    "notice.refunded": "↩️ <b>Refund of {amount}</b>\n\nReceipt No. {receipt}. The money went back the way it came.",
    "invoice.open_wallet": "Open the wallet",
    "invoice.copy_comment": "📋 Comment",
    "invoice.copy_address": "📋 Address",
    "invoice.copy_amount": "📋 Amount",
    "invoice.check": "I have paid",
    "invoice.cancel": "Cancel",
    "invoice.waiting": "No payment to be seen yet. We will write as soon as it arrives.",
    "invoice.paid_already": "This payment has been credited.",
    "invoice.dead": "The invoice is closed. If you have sent the money already, it will be credited all the same.",
    "invoice.cancelled": "The invoice for {amount} is cancelled.\n\nIf you have sent the money already, it will be credited.",
    "invoice.expired": "⌛️ The invoice for {amount} has expired, there is no need to pay it.\n\nIf you have sent the money already, it will be credited.",
    "invoice.paid": "✅ The invoice is paid.",
    "notice.paid": "✅ <b>Your balance is topped up by {amount}</b>\n\nReceipt No.\u00a0{receipt}",
    "notice.paused": "⏸ <b>{name} is paused until {until}</b>\n\nIt was used from different places at once: we saw {addresses}, and {most} at most are allowed. It comes back by itself, there is nothing you need to press.\n\nTo avoid this, disconnect the devices that you don't need. If somebody else has your link, delete the config and create a new one.",
    "notice.added": "💠 <b>{amount} was added to your balance</b>\n\nOur support did this. If you did not expect it, write to us: /paysupport.",
    "notice.taken": "💠 <b>{amount} was taken off your balance</b>\n\nOur support put it right. If you have a question, write to us: /paysupport.",
    "notice.bonus": "🎁 <b>+{amount}</b> for a friend you invited. Thank you for spreading the word!",
    "operator.unmatched": "💰 <b>Money waits for you: {sum}</b>{comment}\nWhose it is, nobody could tell. Give it to a customer:\n<code>./orbit assign {reference} TELEGRAM_ID</code>",
    "operator.undelivered": (
        "📦 <b>Paid and not delivered: {count}, {amount} in all</b>\n"
        "{user} waits longest: {minutes} min, panel: {panel}. Last failure: {reason}\n"
        "The bot goes on trying. The list: <code>./orbit undelivered</code>"
    ),
    "operator.returned": (
        "↩️ <b>{amount} went back to the balance of {user}</b> (<code>{reference}</code>)\n"
        "The config could not be made. Last failure: {reason}"
    ),
    "operator.no_panel": "none chosen",
    "operator.no_reason": "none",
    "operator.comment": "\nComment: “{comment}”",
    "operator.debt": "↩️ <b>A refund left a debt of {amount}</b>\nAccount {user} had spent the money already (<code>{reference}</code>).",
    "operator.silent": "🔇 <b>No answer from {provider} since {since} UTC</b>\nPayments are not seen just now. None is lost: they are credited when it answers again.",
    "operator.back": "🔔 <b>{provider} answers again</b>\nIt was silent from {since} UTC. What was paid meanwhile is being credited.",
    "operator.panel_left": "🛰 <b>No answer from panel {panel} since {since} UTC</b>\nIts configs are moving to other panels. How it goes: <code>./orbit panels state</code>",
    "operator.sweep_missing": "🛑 <b>The sweep of panel {panel} was stopped</b>\n{count} of {among} configs are not on it, and were left as they are. If it was restored from a copy, make them again:\n<code>./orbit panels sweep {panel} --all</code>",
    "operator.sweep_leftovers": "🛑 <b>The sweep of panel {panel} was stopped</b>\n{count} of its {among} users should not be there, and were left as they are. If that is right, remove them:\n<code>./orbit panels sweep {panel} --all</code>",
    "operator.panel_twice": "👥 <b>Panels {panel} and {home} look like one and the same</b>\nA config that lives on {home} has the same key on {panel}; its user was left alone. If two rows name one panel, keep one of them.",
    "operator.audit_right": "✅ The books are right (audit of {night}).",
    "operator.audit_broken": "🚨 <b>The books are broken: {count}</b> (audit of {night})\n<pre>{named}</pre>\nLeave the database as it is, and look with <code>./orbit audit</code>. The bot goes on.",
    "invite.title": (
        "🎁 <b>Invite a friend</b>\n\n"
        "{when}, you get <b>{bonus}</b>.\n\n"
        "Your link:\n<code>{link}</code>\n\n"
        "👥 Invited: <b>{invited}</b>\n💳 Topped up: <b>{paid}</b>\n💰 Earned: <b>{earned}</b>"
    ),
    "invite.first_payment": "When your friend tops up for the first time",
    "invite.signup": "When your friend opens the bot by your link",
    "invite.share": "Share",
    "invite.copy": "📋 Copy the link",
    "invite.pitch": "A fast VPN with a free trial",
    "settings.title": "⚙️ <b>Settings</b>\n\nLanguage: <b>{language}</b>",
    "settings.saved": "Done",
    "help.title": (
        "❓ <b>Help</b>\n\n"
        "<b>How to connect</b>\n"
        "1. Install an app: Happ, Hiddify, v2rayNG or Streisand.\n"
        "2. Open “My VPN” and create a config.\n"
        "3. Paste its link into the app or scan the QR code.\n\n"
        "<b>Where is my payment?</b>\n"
        "A minute is usually enough. Money is never lost: every transfer is recorded."
    ),
    "help.support": "Write to support",
    "sub.title": "Your subscription",
    "sub.active": "Active",
    "sub.left": "Time left",
    "sub.until": "until {end}",
    "sub.traffic": "Traffic",
    "sub.ended_title": "Your subscription has ended",
    "sub.ended_text": "Renew it in the bot. This link and the setup in your apps stay as they are, and work again by themselves.",
    "sub.ended_server": "⛔ Subscription ended, renew it in the bot",
    "sub.ended_profile": "OrbitVPN: subscription ended",
    "sub.ended_announce": "The subscription has ended. Renew it in the bot, then refresh this profile.",
    "sub.connect": "How to connect",
    "sub.step_install": "Install {app}",
    "sub.step_add": "Add the subscription",
    "sub.step_add_hint": "The button opens {app} and sets everything up.",
    "sub.step_on": "Turn the VPN on",
    "sub.step_on_ios": "Press the big button in the app and allow it to add a VPN configuration.",
    "sub.step_on_android": "Press the connect button in the app and accept the VPN request.",
    "sub.step_on_desktop": "Choose the profile in the app and turn it on. If there is a choice, use TUN mode: then every program goes through the VPN.",
    "sub.install": "Get it",
    "sub.add": "Add to {app}",
    "sub.add_short": "Add",
    "sub.others": "Other apps",
    "sub.link": "Subscription link",
    "sub.link_hint": "It fits every app: paste it where the app keeps subscriptions.",
    "sub.copy": "Copy the link",
    "sub.copied": "Copied",
    "sub.qr": "QR code for another device",
    "sub.qr_hint": "Open the app on the other device and scan the code.",
    "sub.private": "The link is personal: whoever knows it uses your subscription. The bot can issue a new one.",
    "sub.bot": "Open the bot",
    "sub.renew": "Renew in the bot",
    "sub.support": "Support",
    "sub.opening": "Opening {app}",
    "sub.opening_hint": "If the app does not open, press the button. Not installed yet? Get it below, then come back here.",
    "sub.full_server": "⛔ Taken by {devices}. Free a place in the bot",
    "sub.full_profile": "OrbitVPN: no place left",
    "sub.full_announce": "This config already has {devices}, which is the limit. Remove one in the bot: My VPN → {name} → Devices. Then refresh the subscription here.",
    "sub.unnamed_server": "⛔ This app does not fit: use Happ or v2rayTun",
    "sub.unnamed_profile": "OrbitVPN: another app is needed",
    "sub.unnamed_announce": "This app does not name its device. Add the link to Happ or v2rayTun instead.",
    "sub.devices": "Devices: {taken} of {most}",
    "sub.devices_hint": "A device takes a place when the link is added on it. The list, with a button that removes one, is in the bot: My VPN → {name} → Devices.",
    "sub.devices_full": "There is no place left. To add a new device, first remove one in the bot: My VPN → {name} → Devices.",
    "sub.gone_title": "This link does not work",
    "sub.gone_text": "It may have been replaced by a new one, or the config was deleted. The link that works is always in the bot, under My VPN.",
    "plans.discount": "🎟 <b>{percent}%</b> off your next purchase, until {until}:",
    "plans.discounted": "{title}: {price}",
    "price.off": "<s>{full}</s> {price} (−{percent}%)",
    "history.open": "📜 History",
    "history.title": "📜 <b>History</b>\n\n{entries}\n\nPress the number of an entry to open its receipt.",
    "history.empty": "📜 <b>History</b>\n\nYour top-ups and purchases will appear here.",
    "history.line": "<b>{number}.</b> {what}: <b>{amount}</b>\n{state} · {at}",
    "history.newer": "‹ Newer",
    "history.older": "Older ›",
    "entry.topup": "Top-up",
    "entry.purchase": "Subscription",
    "entry.gift": "Subscription as a gift",
    "entry.promo": "Promo code",
    "entry.referral": "Bonus for a friend",
    "entry.refund": "Payment refunded",
    "entry.undelivered": "Money for a subscription came back",
    "entry.adjustment": "Correction by support",
    "entry.other": "Change of the balance",
    "entry.waiting": "waits for payment",
    "entry.expired": "expired",
    "entry.cancelled": "cancelled",
    "entry.failed": "did not go through",
    "entry.credited": "credited",
    "entry.paid": "charged",
    "entry.returned": "returned",
    "entry.partly_returned": "partly returned",
    "receipt.title": "🧾 <b>Receipt no. {number}</b>\n",
    "receipt.what": "What for: {what}",
    "receipt.amount": "Amount: <b>{amount}</b>",
    "receipt.state": "State: {state}",
    "receipt.at": "When: {at}",
    "receipt.plan": "Period: {plan}",
    "receipt.method": "Paid by: {method}",
    "receipt.hash": "Transfer: <code>{hash}</code>",
    "promo.enter": "🎟 Promo code",
    "promo.ask": "🎟 <b>Promo code</b>\n\nSend the code as a message. The code of a gift works, too.",
    "promo.rubles": "🎟 <b>+{amount} on your balance</b>\n\n💰 Your balance is now <b>{balance}</b>",
    "promo.days": "🎟 <b>Subscription extended: +{days}</b>\n\n📅 Valid until <b>{end}</b>",
    "promo.gift": "🎁 <b>Gift activated: +{days}</b>\n\n📅 The subscription is valid until <b>{end}</b>",
    "promo.discount": (
        "🎟 <b>Your discount: {percent}%</b>\n\n"
        "It applies to your next purchase by itself and holds until {until}. The new prices are on the subscription page."
    ),
    "promo.unknown": "There is no such promo code. Please check it for a typo and send it again.",
    "promo.ended": "This promo code has ended.",
    "promo.not_yet": "This promo code has not started yet. It will work from {opens_at}.",
    "promo.used_up": "This promo code has run out: all its uses are taken.",
    "promo.used_by_you": "You have used this code already.",
    "promo.first_only": "This promo code is for a first purchase only, and you have made yours. Thank you for staying with us!",
    "promo.gift_taken": "This gift has been activated already. It can be activated only once.",
    "promo.too_many_misses": "Too many wrong codes in a row. Please try again in an hour.",
    "gift.buy": "🎁 Buy as a gift",
    "gift.done": (
        "🎁 <b>The gift is paid: {title}</b>\n\n"
        "Send this link to whom you give it:\n<code>{link}</code>\n\n"
        "Or the code, which can be typed under “Promo code”:\n<code>{code}</code>\n\n"
        "A gift is activated once and does not expire. We will write to you when it happens.\n\n"
        "💰 Left on the balance: <b>{balance}</b>"
    ),
    "gift.pitch": "A subscription to OrbitVPN, as a gift for you. Open the link to activate it",
    "gift.list": "🎁 <b>My gifts</b>\n\n{gifts}",
    "gift.none": "You have not given anything yet. Choose a subscription and press “Buy as a gift”.",
    "gift.open": "🎁 {title}: waits for its receiver\n<code>{link}</code>",
    "gift.redeemed": "✅ {title}: activated on {date}",
    "notice.returned": (
        "↩️ <b>{amount} is back on your balance</b>\n\n"
        "We could not make your config in time. We are sorry! The money is on your balance again, "
        "and the unused time of that purchase is taken off. You can buy a plan at any moment."
    ),
    "notice.returned_debt": (
        "↩️ <b>{amount} is back on your balance</b>\n\n"
        "We could not make your config in time. We are sorry! Another {debt} covered what an earlier refund had left "
        "open. The unused time of that purchase is taken off. You can buy a plan at any moment."
    ),
    "notice.moved": (
        "🔁 <b>Your config has a new key</b>\n\n"
        "We moved it to another server, and the old key stops working soon. "
        "Take the new link and add it to your app in place of the old one. Your subscription stays the same."
    ),
    "config.new_key": "Take the new link",
    "notice.gift": "🎁 <b>Your gift has been activated</b>\n\nA subscription for {days} is running. Thank you for sharing!",
    "rate_limit": "A little slower, please: try again in {seconds} s.",
    "error.internal": "Something went wrong. Please try again. If it doesn't help, give support the code <code>{incident}</code>.",
    "error.not_found": "That is gone. Open the menu to see what there is now.",
    "error.banned": "Access is closed. If this is a mistake, write to support.",
    "error.insufficient": "You have {have}, {need} is needed.",
    "error.plan_changed": "The terms of this plan have changed. Please have another look.",
    "error.offer_changed": "Your price has just changed, so we have not charged anything. Please have another look.",
    "error.no_subscription": "You need a subscription to create a config.",
    "error.too_many_configs": "Your subscription allows {configs}. Delete one of them or choose a plan with more.",
    "error.amount": "Type the amount as a number: from {minimum} to {maximum}.",
    "error.too_many_payments": "Too many invoices are open. Pay or cancel one of them.",
    "error.method_unavailable": "This payment method is unavailable right now. Try another one, or a little later.",
    "error.storage": "The service is unavailable right now. Nothing has changed; please try again in a minute.",
    "error.stale_button": "This button is out of date. Please open the menu again.",
}
